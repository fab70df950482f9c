"""Results of drills, by hand."""

from __future__ import annotations

from gameday.core.trends import FinishedDrill, StoredInterval, StoredResult
from gameday.core.values import Outcome, Verdict

NAMES = ("detect", "contain", "recover")


def interval(name="detect", seconds=10.0, verdict=Verdict.MET, **changes) -> StoredInterval:
    fields = {"objective": 60.0, "at_least": None, "applies": True, **changes}
    return StoredInterval(name=name, seconds=seconds, verdict=verdict, **fields)


def stored_result(drill="d1", seconds=10.0, **changes) -> StoredResult:
    fields = {
        "scenario": "slow",
        "comparable": "hash",
        "outcome": Outcome.RECOVERED,
        "recovered_by": "automation",
        "points": 90.0,
        "passed": True,
        "score_verdict": "passed",
        "why": "",
        "reverted": True,
        "intervals": tuple(interval(name, seconds) for name in NAMES),
        **changes,
    }
    return StoredResult(drill=drill, **fields)


def finished_drill(code=0, drill="d1", **changes) -> FinishedDrill:
    return FinishedDrill(
        code=code, result=stored_result(drill, **changes), seconds=30.0, folder=f"ci/{drill}"
    )
