"""Tells whether a held fault changed its targets, where the experiment has no probe of its own for it.

Comes in: the drill's desk. Goes out: ExposureProbed (after-inject), or nothing where that can't be told.
Does not: delay the revert: once it is asked for, what the targets say is no longer about the fault.
"""

from __future__ import annotations

from gameday.conduct.drill.context import Desk
from gameday.conduct.drill.fault_targets import Aims
from gameday.core.facts import drill as ev
from gameday.core.values import Seconds

SETTLING: Seconds = 10.0
"""For so long targets may take to change: deletions return before anything is gone."""
COMPARE: Seconds = 1.0
"""How often they are looked at meanwhile."""
LOOK: Seconds = 0.25


async def compare(desk: Desk) -> None:
    """Wait for the held fault, then look at its targets until one has changed or SETTLING is over."""
    while not desk.board.has(ev.FaultHeld):
        await desk.clock.sleep(LOOK)
    request = desk.fault_request
    if desk.aims is None or request is None or desk.board.has(ev.ExposureProbed):
        return
    changed = await _settled(desk, desk.aims)
    if changed is not None:
        detail = "a target changed" if changed else desk.aims.same()
        desk.pen.record(
            ev.ExposureProbed(fault=request.fault, stage="after-inject", exposed=changed, detail=detail)
        )


async def _settled(desk: Desk, aims: Aims) -> bool | None:
    """Tell whether a target changed; None where that can't be told, or the revert has begun."""
    end = desk.clock.now() + min(SETTLING, desk.scenario.phases.onset / 2)
    while True:
        changed = await aims.changed()
        if any(desk.board.has(kind) for kind in (ev.RevertRequested, ev.RevertAttempted, ev.FaultReverted)):
            return None
        if changed or desk.clock.now() >= end:
            return changed
        await desk.clock.sleep(COMPARE)
