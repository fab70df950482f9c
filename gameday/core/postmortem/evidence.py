"""What the findings of a postmortem are drawn from.

Comes in: a history, its result, the timeline's numbers, what became of the steps and of the alerts.
Goes out: one value to ask. Does not: find anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gameday.core.facts.history import History
from gameday.core.judging.result import Result
from gameday.core.postmortem.model import Coverage
from gameday.core.postmortem.playbook_steps import Steps
from gameday.core.values import EventId, MilestoneName, Party


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """All that findings are drawn from."""

    history: History
    result: Result
    references: dict[EventId, int]
    reached: dict[MilestoneName, int]
    steps: Steps
    coverage: tuple[Coverage, ...]

    def numbers(self, evidence: Iterable[EventId]) -> tuple[int, ...]:
        """Give the timeline's numbers of some evidence."""
        return tuple(sorted({self.references[e] for e in evidence if e in self.references}))

    def role(self, role: str) -> str:
        """Give an owner: a role where a team responds, else unassigned, since no one held it."""
        planned = self.history.plan
        scripted = bool(planned.responder)
        return role if planned.scenario.responders is Party.TEAM and not scripted else "unassigned"
