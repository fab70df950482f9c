"""Running the rollbacks that a fault carries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gameday.core.facts import drill as ev
from gameday.core.values import Instant

RecordFact = Callable[[ev.Fact, Instant], None]
"""Takes a fact as it happens, with its instant."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackOutcome:
    """What one try to play a fault's rollbacks came to.

    how    rolled-back | already-undone | nothing-to-undo, when undone
    steps  what a person must do by hand if no try succeeds
    at     the instant at which the rollbacks were through
    """

    undone: bool
    how: str = ""
    error: str = ""
    steps: tuple[str, ...] = ()
    at: Instant | None = None


class RollbackPlayer(Protocol):
    """Plays the rollbacks that a FaultRequested carries."""

    async def play(
        self, request: ev.FaultRequested, attempt: int, by: str, tell: RecordFact, *, ask: bool
    ) -> RollbackOutcome:
        """Play all rollbacks once, within a deadline, telling each as it starts and ends; never raises.

        ask: what the still-exposed probe says is gone already need not be undone. Not to be asked where
        an action may still be on its way to the target.
        """
        ...

    def lacks(self, request: ev.FaultRequested) -> Sequence[str]:
        """Say what this process would need to play them and does not have: variables, modules, commands."""
        ...

    def steps(self, request: ev.FaultRequested) -> tuple[str, ...]:
        """Tell a person, rollback by rollback, what to do by hand."""
        ...
