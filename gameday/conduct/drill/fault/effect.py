"""Records whether a held fault changed its targets, where the experiment has no probe of its own for it.

Nothing is recorded where that can't be known, or once the revert was requested: from then on a change may be
the revert's.
"""

from __future__ import annotations

from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.fault_targets import FaultTargets
from gameday.core.facts import drill as ev
from gameday.core.values import Seconds

SETTLING: Seconds = 10.0
"""How long targets may take to change: deletions return before anything is gone."""
COMPARE_INTERVAL: Seconds = 1.0
"""How often they are resolved again meanwhile."""
POLL_INTERVAL: Seconds = 0.25
"""How often it is looked whether the fault is held."""


async def compare(context: DrillContext) -> None:
    """Wait until the fault is held, then compare its targets until one has changed or SETTLING is over."""
    while not context.live_facts.has(ev.FaultHeld):
        await context.clock.sleep(POLL_INTERVAL)
    request = context.fault_request
    if context.fault_targets is None or request is None or context.live_facts.has(ev.ExposureProbed):
        return
    changed = await _changed(context, context.fault_targets)
    if changed is not None:
        detail = "a target changed" if changed else context.fault_targets.describe_unchanged()
        context.recorder.record(
            ev.ExposureProbed(fault=request.fault, stage="after-inject", exposed=changed, detail=detail)
        )


async def _changed(context: DrillContext, fault_targets: FaultTargets) -> bool | None:
    """Report whether a target changed; None when that can't be known, or the revert has begun."""
    # Half of `onset`: after it a drill without an impact ends, and needs the answer for its outcome.
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
        await context.clock.sleep(COMPARE_INTERVAL)
