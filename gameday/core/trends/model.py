"""A drill's result as its `result.json` tells it, and how the process that played it ended.

Comes in: nothing. Goes out: values for `bars` and `noise`. Does not: parse; `formats.stored.result` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday.core.errors import Mistake
from gameday.core.values import Outcome, Seconds, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """Time to detect, contain or recover.

    seconds None: not known or not reached; at_least: how long it lasted at least, where it was cut off
    applies False: nobody was hurt, so there was nothing to time
    """

    name: str
    seconds: Seconds | None
    objective: Seconds | None
    verdict: Verdict
    at_least: Seconds | None = None
    applies: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredResult:
    """One drill's result. comparable: the hash by which drills compare; empty: it is not known.

    error: why there is no result; with the mistakes of files, where it names them
    """

    drill: str
    scenario: str
    comparable: str
    outcome: Outcome
    recovered_by: str
    points: float | None
    passed: bool
    score_verdict: str
    why: str
    reverted: bool
    intervals: tuple[Interval, ...]
    error: str = ""
    mistakes: tuple[Mistake, ...] = ()

    @property
    def judged(self) -> bool:
        """Tell whether it was played to its end and could be judged."""
        return not self.error and self.outcome.judged

    @property
    def came_to(self) -> str:
        """Say what the drill came to, and by whom, where anybody recovered."""
        return f"{self.outcome} by {self.recovered_by}" if self.outcome is Outcome.RECOVERED else self.outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class FinishedDrill:
    """One drill's process at its end. why: what it said, where it left no result; folder: its artefacts."""

    code: int
    told: StoredResult | None = None
    why: str = ""
    seconds: Seconds = 0.0
    folder: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """Earlier results, by the folder in which they were found."""

    folder: str
    drills: tuple[StoredResult, ...] = ()
