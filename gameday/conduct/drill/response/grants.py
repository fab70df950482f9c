"""Honours a grant: the facilitator credits the team with a lever that the environment lacks.

Comes in: the desk; a granted mark on its board, whoever wrote it. Goes out: the fault, reverted in the
lever's place; the response goes on, so that the team sees for itself that users are well.
Does not: credit anything; `core.judging.milestones` does, from the instant of the grant.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.live_facts import LiveFacts
from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated
from gameday.core.values import Seconds

TICK: Seconds = 0.05


def first(live_facts: LiveFacts) -> Dated[ev.MilestoneMarked] | None:
    """Give the first grant so far."""
    return next((mark for mark in live_facts.each(ev.MilestoneMarked) if mark.fact.granted), None)


@dataclass(frozen=True, slots=True)
class GrantHandler:
    """Waits for a grant in one drill, beside its response."""

    context: DrillContext

    async def honour(self) -> None:
        """Revert every fault at the first grant; ends then."""
        context = self.context
        while (grant := first(context.live_facts)) is None:
            await context.clock.sleep(TICK)
        why = f"granted: {grant.fact.lever}" if grant.fact.lever else "granted"
        for requested in context.live_facts.each(ev.FaultRequested):
            context.recorder.record(ev.RevertRequested(fault=requested.fact.fault, why=why))
            if context.keeper.alive():
                await context.keeper.revert(requested.fact.fault, why, now=False)
