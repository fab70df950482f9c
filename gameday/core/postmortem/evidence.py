"""What the findings of a postmortem are drawn from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gameday.core.facts.history import History
from gameday.core.judging.result import Result
from gameday.core.postmortem.model import Coverage
from gameday.core.postmortem.playbook_steps import Steps
from gameday.core.values import EventId, MilestoneName, Outcome, Party


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Everything that findings are drawn from: history, result, and what became of steps and alerts."""

    history: History
    result: Result
    references: dict[EventId, int]
    reached: dict[MilestoneName, int]
    steps: Steps
    coverage: tuple[Coverage, ...]

    @property
    def unclear(self) -> bool:
        """Whether it is not known if there was anything to respond to."""
        return self.result.attribution.outcome is Outcome.UNKNOWN and self.result.impact.started is None

    @property
    def unplayed(self) -> bool:
        """Whether it is not known if there was anything to respond to, or the drill was cut short."""
        return self.unclear or self.result.attribution.outcome in (Outcome.ABORTED, Outcome.FAILED)

    def numbers(self, evidence: Iterable[EventId]) -> tuple[int, ...]:
        """Give the timeline numbers of some events."""
        return tuple(sorted({self.references[e] for e in evidence if e in self.references}))

    def role(self, role: str) -> str:
        """Give an owner: a role where a team responds; otherwise unassigned, because nobody held it."""
        planned = self.history.plan
        scripted = bool(planned.responder)
        return role if planned.scenario.responders is Party.TEAM and not scripted else "unassigned"
