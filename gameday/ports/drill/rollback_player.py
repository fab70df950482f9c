"""Running the rollbacks that a fault carries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gameday.core.facts import drill as ev
from gameday.core.values import Instant

RecordFact = Callable[[ev.Fact, Instant], None]
"""Records a fact that occurred at an instant."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackOutcome:
    """The result of one attempt to run a fault's rollbacks.

    how    rolled-back | already-undone | nothing-to-undo, when undone
    steps  what a person must do by hand if no attempt succeeds
    at     when the rollbacks had run
    """

    undone: bool
    how: str = ""
    error: str = ""
    steps: tuple[str, ...] = ()
    at: Instant | None = None


class RollbackPlayer(Protocol):
    """Runs the rollbacks that a FaultRequested carries."""

    async def warm(self, request: ev.FaultRequested, record: RecordFact) -> None:
        """Start a process that is ready to run them, and record it. Raises OSError, TimeoutError."""
        ...

    async def close(self) -> None:
        """End those processes."""
        ...

    async def play(
        self, request: ev.FaultRequested, attempt: int, by: str, record: RecordFact, *, ask: bool
    ) -> RollbackOutcome:
        """Run all rollbacks once, within a deadline, recording each as it starts and ends; never raises.

        ask: skip them if the still-exposed probe shows that the fault is gone. Leave it out while an action
        may still be on its way to the target: the probe would answer too early.
        """
        ...

    def has_hypothesis(self, request: ev.FaultRequested) -> bool:
        """Whether the request's experiment has a steady-state hypothesis."""
        ...

    async def steady_state(self, request: ev.FaultRequested) -> ev.SteadyStateChecked:
        """Judge that hypothesis once (stage `after`); `met` None where that can't be done."""
        ...

    def lacks(self, request: ev.FaultRequested) -> Sequence[str]:
        """Name what this process lacks to run them: variables, modules, commands."""
        ...

    def runs(self, request: ev.FaultRequested) -> tuple[str, ...]:
        """List all that playing them would run, for a person who decides whether it may: import nothing."""
        ...

    def steps(self, request: ev.FaultRequested) -> tuple[str, ...]:
        """Describe, rollback by rollback, what a person has to do by hand."""
        ...
