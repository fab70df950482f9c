"""scorecard.yaml -> `core.plans.scenario.ScorecardRules`, with every mistake of the file.

The valid measures and caps are those of `core.plans.scorecard`. Published as
docs/reference/scorecard.schema.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from gameday.core.errors import Mistake
from gameday.core.plans import scenario as core
from gameday.core.plans import scorecard
from gameday.formats.text import models, types
from gameday.formats.text.document import Checked, Document
from gameday.formats.text.models import Strict
from gameday.formats.text.types import Kebab, Positive


def _band(value: Any) -> Any:
    """Keep a figure as text: `1x`, `60s`, `80%`, or a bare number for a count."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    return value


BAND = {"anyOf": [{"type": "string"}, {"type": "number"}], "examples": ["1x", "60s", 3]}
Band = Annotated[str, BeforeValidator(_band), WithJsonSchema(BAND)]


class CriterionModel(Strict):
    """One line of the scorecard."""

    criterion: Kebab = Field(description="its id", examples=["time-to-detect"])
    phase: Literal["detect", "triage", "contain", "communicate", "recover", "improve"] = Field(
        description="the part of the response that it belongs to"
    )
    weight: Positive = Field(description="the points that it is worth, before scaling to 100")
    measure: Annotated[str, types.OneOf("a measure", tuple(sorted(scorecard.MEASURES)))] = Field(
        description="what is measured"
    )
    target: Band = Field(default="", description="full points up to here; 1x is the scenario's objective")
    limit: Band = Field(default="", description="no points beyond this")


class CapModel(Strict):
    """An upper bound on the points, for when something went wrong."""

    when: Annotated[str, types.OneOf("a reason for a cap", tuple(sorted(scorecard.CAPS)))] = Field(
        description="what happened"
    )
    at_most: float = Field(ge=0, le=100, description="points")


class ScorecardFile(Strict):
    """How a response is judged: criteria with weights and bands."""

    scorecard: Kebab = Field(description="its id", examples=["team"])
    version: int = Field(ge=1, le=types.MOST, description="its version; a changed scorecard gets a new one")
    title: str = Field(default="", description="what it is for, in one line")
    pass_: float = Field(
        default=70.0, ge=0, le=100, alias="pass", description="the points that pass, out of 100"
    )
    criteria: list[CriterionModel] = Field(min_length=1, description="what is judged")
    caps: list[CapModel] = Field(default_factory=list, description="upper bounds on the points")


def check(document: Document) -> Checked[core.ScorecardRules]:
    """Find every mistake of a scorecard."""
    filled = models.check(ScorecardFile, document)
    if filled.value is None:
        return Checked(document=document, value=None, mistakes=filled.mistakes)
    rules = _rules(filled.value)
    mistakes = tuple(sorted({*filled.mistakes, *_rules_mistakes(document, rules)}))
    valid = all(mistake.warning for mistake in mistakes)
    return Checked(document=document, value=rules if valid else None, mistakes=mistakes)


def _rules_mistakes(document: Document, rules: core.ScorecardRules) -> Iterator[Mistake]:
    names: set[str] = set()
    for index, criterion in enumerate(rules.criteria):
        problem = scorecard.complaint(criterion)
        if problem:
            bands = {"limit": criterion.limit, "target": criterion.target}
            key = next((key for key, band in bands.items() if band and band in problem), "measure")
            yield document.mistake(("criteria", index, key), problem)
        if criterion.criterion in names:
            where = ("criteria", index, "criterion")
            yield document.mistake(
                where,
                f"there is already a criterion called '{criterion.criterion}'",
                hint="give each its own name",
            )
        names.add(criterion.criterion)


def _rules(file: ScorecardFile) -> core.ScorecardRules:
    return core.ScorecardRules(
        scorecard=file.scorecard,
        version=file.version,
        criteria=tuple(core.Criterion(**entry.model_dump()) for entry in file.criteria),
        pass_mark=file.pass_,
        caps=tuple(core.Cap(**entry.model_dump()) for entry in file.caps),
    )
