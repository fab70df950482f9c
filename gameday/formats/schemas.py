"""The JSON Schemas (2020-12) of the files that people write, generated from the models that read them.

docs/reference/NAME.schema.json holds their text; docs/reference/renew.py writes it, and a test compares them.
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
    """Leave out the titles that pydantic derives from names: editors would show them instead of descriptions.

    A `null` that only represents a missing key is left out too, and a duration's default becomes text.
    """
    if isinstance(tree, list):
        return [_tidied(entry) for entry in tree]
    if not isinstance(tree, dict):
        return tree
    kept = {
        key: {name: _tidied(entry) for name, entry in value.items()}
        if key == "properties"
        else _tidied(value)
        for key, value in tree.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    if kept.get("pattern") == types.DURATION["pattern"] and isinstance(kept.get("default"), float):
        kept["default"] = f"{kept['default']:g}s"
    forms = [entry for entry in kept.get("anyOf", ()) if entry != {"type": "null"}]
    if "anyOf" in kept and len(forms) == 1:
        del kept["anyOf"]
        return {**forms[0], **kept}
    return kept
