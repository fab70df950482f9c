"""scorecard.yaml -> `core.plans.scenario.ScorecardRules`, with every mistake of the file.

Comes in: a document. Goes out: criteria with weights and bands, whose measures `core.judging.score` knows.
Does not: judge. Published as docs/reference/scorecard.schema.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from gameday.core.errors import Mistake
from gameday.core.judging import score
from gameday.core.plans import scenario as core
from gameday.formats.text import models, types
from gameday.formats.text.document import Checked, Document
from gameday.formats.text.models import Strict
from gameday.formats.text.types import Kebab, Positive


def _band(value: Any) -> Any:
    """Take a figure as text: `1x`, `60s`, `80%`, or a bare number for a count."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    return value


BAND = {"anyOf": [{"type": "string"}, {"type": "number"}], "examples": ["1x", "60s", 3]}
Band = Annotated[str, BeforeValidator(_band), WithJsonSchema(BAND)]


class Criterion(Strict):
    """One line of the scorecard."""

    criterion: Kebab = Field(description="its id", examples=["time-to-detect"])
    phase: Literal["detect", "triage", "contain", "communicate", "recover", "improve"] = Field(
        description="the part of the response that it belongs to"
    )
    weight: Positive = Field(description="points that it is worth, before scaling to 100")
    measure: Annotated[str, types.OneOf("a measure", tuple(sorted(score.MEASURES)))] = Field(
        description="what is measured"
    )
    target: Band = Field(default="", description="full marks up to here: 1x is once the scenario's objective")
    limit: Band = Field(default="", description="no marks beyond")


class Cap(Strict):
    """An upper bound on the points when something happened."""

    when: Annotated[str, types.OneOf("a reason for a cap", tuple(sorted(score.CAPS)))] = Field(
        description="what happened"
    )
    at_most: float = Field(ge=0, le=100, description="points")


class ScorecardFile(Strict):
    """How a response is judged: criteria with weights and bands."""

    scorecard: Kebab = Field(description="its id", examples=["team"])
    version: int = Field(ge=1, description="a changed scorecard is another version")
    title: str = Field(default="", description="what it is for, in one line")
    pass_: float = Field(default=70.0, ge=0, le=100, alias="pass", description="points that pass, of 100")
    criteria: list[Criterion] = Field(min_length=1, description="what is judged")
    caps: list[Cap] = Field(default_factory=list, description="upper bounds on the points")


def check(document: Document) -> Checked[core.ScorecardRules]:
    """Tell every mistake of a scorecard."""
    found = models.check(ScorecardFile, document)
    if found.value is None:
        return Checked(document=document, value=None, mistakes=found.mistakes)
    rules = _rules(found.value)
    mistakes = tuple(sorted({*found.mistakes, *_meaning(document, rules)}))
    well = all(one.warning for one in mistakes)
    return Checked(document=document, value=rules if well else None, mistakes=mistakes)


def _meaning(document: Document, rules: core.ScorecardRules) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, criterion in enumerate(rules.criteria):
        wrong = score.complaint(criterion)
        if wrong:
            bands = {"limit": criterion.limit, "target": criterion.target}
            key = next((key for key, band in bands.items() if band and band in wrong), "measure")
            yield document.mistake(("criteria", index, key), wrong)
        if criterion.criterion in seen:
            where = ("criteria", index, "criterion")
            yield document.mistake(
                where, f"a second criterion is called '{criterion.criterion}'", hint="name them apart"
            )
        seen.add(criterion.criterion)


def _rules(file: ScorecardFile) -> core.ScorecardRules:
    return core.ScorecardRules(
        scorecard=file.scorecard,
        version=file.version,
        criteria=tuple(core.Criterion(**one.model_dump()) for one in file.criteria),
        pass_mark=file.pass_,
        caps=tuple(core.Cap(**one.model_dump()) for one in file.caps),
    )
