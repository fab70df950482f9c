"""Acts on a grant: the facilitator credits the team with a mitigation that the environment lacks.

The fault is reverted in place of the mitigation, and the response goes on, so that the team sees for itself
that the service is healthy again. `core.judging.milestones` credits it, from the instant of the grant.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.live_facts import LiveFacts
from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated
from gameday.core.values import Seconds

POLL_INTERVAL: Seconds = 0.05


def first_grant(live_facts: LiveFacts) -> Dated[ev.MilestoneMarked] | None:
    """Give the first grant so far, or None."""
    return next((mark for mark in live_facts.each(ev.MilestoneMarked) if mark.fact.granted), None)


@dataclass(frozen=True, slots=True)
class GrantHandler:
    """Waits for a grant in one drill, alongside its response."""

    context: DrillContext

    async def act(self) -> None:
        """Revert every fault at the first grant, then end."""
        context = self.context
        while (grant := first_grant(context.live_facts)) is None:
            await context.clock.sleep(POLL_INTERVAL)
        why = f"granted: {grant.fact.lever}" if grant.fact.lever else "granted"
        for requested in context.live_facts.each(ev.FaultRequested):
            context.recorder.record(ev.RevertRequested(fault=requested.fact.fault, why=why))
            if context.keeper.alive():
                await context.keeper.revert(requested.fact.fault, why, now=False)
