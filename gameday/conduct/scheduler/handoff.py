"""What a host does with a drill that was handed to it: takes over the claim, starts it, keeps its record.

Comes in: an office, a schedule and one of its occurrences, handed perhaps more than once. Goes out: the
drill, brought to its end, and its record; or nothing, where it has begun or been missed elsewhere.
Does not: decide that anything is due; a daemon did, and its claim in the store is what counts. However a
drill gets here, by a queue or as a Job, it starts only for who turns that claim into a start, once.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from gameday.conduct.scheduler.context import SchedulerContext
from gameday.conduct.scheduler.started_drills import StartedDrills
from gameday.core.errors import StoreUnavailable
from gameday.core.plans.schedule import ScheduleId, State
from gameday.core.values import Instant, Seconds

LOOK: Seconds = 0.5
WIND_UP: Seconds = 120.0
"""How long a drill may take to revert and end when its host is stopped."""


async def run_handed_drill(
    scheduler_context: SchedulerContext, schedule: ScheduleId, occurrence: Instant, stopping: asyncio.Event
) -> bool:
    """Carry out one occurrence to its end; False: it was not ours to start. Raises StoreUnavailable."""
    record = scheduler_context.schedules.record(schedule, occurrence)
    if record is None or record.state is not State.CLAIMED or stopping.is_set():
        return False
    try:
        row = scheduler_context.schedules.row(schedule)
    except LookupError:
        return False
    started = StartedDrills(scheduler_context)
    claimed = started.new_claim(record)
    if not scheduler_context.schedules.change(record, claimed):
        return False
    started.launch(row.schedule, claimed)
    await _until_it_ends(scheduler_context, started, stopping)
    return True


async def _until_it_ends(
    scheduler_context: SchedulerContext, started: StartedDrills, stopping: asyncio.Event
) -> None:
    """Keep the record while the drill runs; when told to stop, abort it and wait until it has reverted."""
    deadline = float("inf")
    while len(started) and scheduler_context.clock.now() < deadline:
        if stopping.is_set() and deadline == float("inf"):
            started.stop()
            deadline = scheduler_context.clock.now() + WIND_UP
        with suppress(StoreUnavailable):  # the drill goes on without it; its end is recorded when it is back
            started.tend()
        await scheduler_context.clock.sleep(LOOK)
