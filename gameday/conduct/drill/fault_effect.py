"""Tells whether a held fault changed its targets, where the experiment has no probe of its own for it.

Comes in: the drill's desk. Goes out: ExposureProbed (after-inject), or nothing where that can't be told.
Does not: delay the revert: once it is asked for, what the targets say is no longer about the fault.
"""

from __future__ import annotations

from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.fault_targets import FaultTargets
from gameday.core.facts import drill as ev
from gameday.core.values import Seconds

SETTLING: Seconds = 10.0
"""For so long targets may take to change: deletions return before anything is gone."""
COMPARE: Seconds = 1.0
"""How often they are looked at meanwhile."""
LOOK: Seconds = 0.25


async def compare(context: DrillContext) -> None:
    """Wait for the held fault, then look at its targets until one has changed or SETTLING is over."""
    while not context.live_facts.has(ev.FaultHeld):
        await context.clock.sleep(LOOK)
    request = context.fault_request
    if context.fault_targets is None or request is None or context.live_facts.has(ev.ExposureProbed):
        return
    changed = await _settled(context, context.fault_targets)
    if changed is not None:
        detail = "a target changed" if changed else context.fault_targets.same()
        context.recorder.record(
            ev.ExposureProbed(fault=request.fault, stage="after-inject", exposed=changed, detail=detail)
        )


async def _settled(context: DrillContext, fault_targets: FaultTargets) -> bool | None:
    """Tell whether a target changed; None where that can't be told, or the revert has begun."""
    end = context.clock.now() + min(SETTLING, context.scenario.phases.onset / 2)
    while True:
        changed = await fault_targets.changed()
        if any(
            context.live_facts.has(kind)
            for kind in (ev.RevertRequested, ev.RevertAttempted, ev.FaultReverted)
        ):
            return None
        if changed or context.clock.now() >= end:
            return changed
        await context.clock.sleep(COMPARE)
