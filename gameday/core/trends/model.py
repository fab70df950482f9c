"""A drill's result as its `result.json` has it, and how the process that played it ended.

`formats.stored.result` reads these values; `thresholds` and `noise` judge them.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday.core.errors import Mistake
from gameday.core.values import Outcome, Seconds, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredInterval:
    """Time to detect, contain or recover.

    seconds None: not known or not reached; at_least: how long it lasted at least, where it was cut off
    applies False: there was nothing to time, or nothing to time it by
    """

    name: str
    seconds: Seconds | None
    objective: Seconds | None
    verdict: Verdict
    at_least: Seconds | None = None
    applies: bool = True


NOT_TIMED = "not timed: there was nothing to time, or nothing to time it by"
"""What is reported of an interval that does not apply."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredResult:
    """One drill's result. comparable: the hash by which drills compare; empty: not known.

    error: why there is no result; mistakes: those in files, where the error names them
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
    intervals: tuple[StoredInterval, ...]
    error: str = ""
    mistakes: tuple[Mistake, ...] = ()

    @property
    def judged(self) -> bool:
        """Whether it was played to its end and could be judged."""
        # A system without people has a verdict, and no points, even where it is not known what the fault did.
        alone = self.points is None and self.score_verdict in ("passed", "failed")
        return not self.error and (self.outcome.judged or (alone and self.outcome is Outcome.UNKNOWN))

    @property
    def summary(self) -> str:
        """The outcome, and who recovered, where anybody did."""
        return f"{self.outcome} by {self.recovered_by}" if self.outcome is Outcome.RECOVERED else self.outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class FinishedDrill:
    """One drill's process at its end. why: its last output, if it left no result; folder: its artefacts."""

    code: int
    result: StoredResult | None = None
    why: str = ""
    seconds: Seconds = 0.0
    folder: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """Earlier results, by the folder in which they were found."""

    folder: str
    drills: tuple[StoredResult, ...] = ()
