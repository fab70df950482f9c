"""The JSON Schemas of the files that people write, generated from the models that read them.

Comes in: nothing. Goes out: schemas by name (`scenario`, `game-day`, `scorecard`, …), and their text
as docs/reference/NAME.schema.json holds it. Does not: write a file; a test holds the published ones to these.
Source: JSON Schema 2020-12.
"""

from __future__ import annotations

import json
from typing import Any

from gameday.formats.gamedays.model import GameDayFile
from gameday.formats.scenario.model import ScenarioFile
from gameday.formats.scenario.responder_script import ResponderFile
from gameday.formats.scenario.scorecard import ScorecardFile
from gameday.formats.settings.model import SettingsFile
from gameday.formats.text import models, types

MODELS: dict[str, type[models.Strict]] = {
    "game-day": GameDayFile,
    "gameday": SettingsFile,
    "responder": ResponderFile,
    "scenario": ScenarioFile,
    "scorecard": ScorecardFile,
}


def schema(name: str) -> dict[str, Any]:
    """Generate the schema of one kind of file."""
    generated = _tidied(MODELS[name].model_json_schema(by_alias=True))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{name}.schema.json",
        **generated,
    }


def text(name: str) -> str:
    """Write the schema of one kind of file as it is published."""
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"


def _tidied(tree: Any) -> Any:
    """Leave out the titles that pydantic makes of names: editors would show them before the descriptions.

    A `null` that only stands for a key left out is left out too, and a duration is text.
    """
    if isinstance(tree, list):
        return [_tidied(each) for each in tree]
    if not isinstance(tree, dict):
        return tree
    found = {
        key: {name: _tidied(each) for name, each in value.items()} if key == "properties" else _tidied(value)
        for key, value in tree.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    if found.get("pattern") == types.DURATION["pattern"] and isinstance(found.get("default"), float):
        found["default"] = f"{found['default']:g}s"
    forms = [each for each in found.get("anyOf", ()) if each != {"type": "null"}]
    if "anyOf" in found and len(forms) == 1:
        del found["anyOf"]
        return {**forms[0], **found}
    return found
