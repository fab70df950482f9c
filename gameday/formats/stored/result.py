"""`result.json` read back: what trends and pipelines need of it.

Comes in: the text of a document that `render.result_json` wrote, perhaps an earlier version of it.
Goes out: `trends.Told`. Does not: take a document for a result that is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gameday.core.errors import Mistake
from gameday.core.trends import Interval, StoredResult
from gameday.core.values import Outcome, Verdict

SCHEMAS = (1,)
"""The versions of the contract that this module knows."""


def read(text: str | bytes) -> StoredResult:
    """Read a result. Raises ValueError for anything else; what older documents lack is not known."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("schema") not in SCHEMAS:
        raise ValueError("it is not a result.json that this gameday knows")
    try:
        return _told(document)
    except (KeyError, TypeError, AttributeError, OverflowError) as wrong:
        raise ValueError(f"it is not a whole result.json: {wrong}") from wrong


def _told(document: Mapping[str, Any]) -> StoredResult:
    score, error = document["score"], document["error"]
    return StoredResult(
        drill=document["drill"] or "",
        scenario=document["scenario"] or "",
        comparable=document.get("comparable") or "",
        outcome=Outcome(document["outcome"]),
        recovered_by=str(document["recovered_by"]),
        points=None if score["points"] is None else float(score["points"]),
        passed=bool(score["pass"]),
        score_verdict=str(score["verdict"]),
        why=score["why"] or "",
        reverted=document["reverted"] is True,
        intervals=tuple(_interval(name, told) for name, told in document["intervals"].items()),
        error=str(error["message"]) if error else "",
        mistakes=tuple(map(_mistake, error["mistakes"])) if error else (),
    )


def _interval(name: str, told: Mapping[str, Any]) -> Interval:
    return Interval(
        name=name,
        seconds=_number(told["seconds"]),
        objective=_number(told["objective"]),
        verdict=Verdict(told["verdict"]),
        at_least=_number(told["at_least"]),
        applies=told.get("applies") is not False,
    )


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _mistake(told: Mapping[str, Any]) -> Mistake:
    return Mistake(
        file=told["file"],
        line=told["line"],
        column=told["column"],
        message=told["message"],
        hint=told["hint"] or "",
    )
