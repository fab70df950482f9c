"""What a host does with a drill that a daemon handed to it: takes over its claim, starts and records it.

The daemon has decided that it is due, and its claim in the store is what counts. A queue or a Job may hand
one occurrence over more than once: it starts only for the one host that turns the claim into a start.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from gameday.conduct.scheduler.context import SchedulerContext
from gameday.conduct.scheduler.started_drills import StartedDrills
from gameday.core.errors import StoreUnavailable
from gameday.core.plans.schedule import ScheduleId, State
from gameday.core.values import Instant, Seconds

POLL_INTERVAL: Seconds = 0.5
STOP_LIMIT: Seconds = 120.0
"""How long a drill may take to revert and end when its host is stopped."""


async def run_handed_drill(
    context: SchedulerContext, schedule: ScheduleId, occurrence: Instant, stopping: asyncio.Event
) -> bool:
    """Carry out one occurrence; False: it began elsewhere, or was missed. Raises StoreUnavailable."""
    record = context.schedules.record(schedule, occurrence)
    if record is None or record.state is not State.CLAIMED or stopping.is_set():
        return False
    try:
        row = context.schedules.row(schedule)
    except LookupError:
        return False
    started = StartedDrills(context)
    claimed = started.new_claim(record)
    # Compare and set: of two hosts that got the job, one starts it.
    if not context.schedules.change(record, claimed):
        return False
    started.launch(row.schedule, claimed)
    await _until_it_ends(context, started, stopping)
    return True


async def _until_it_ends(context: SchedulerContext, started: StartedDrills, stopping: asyncio.Event) -> None:
    """Keep the record while the drill runs; when stopped, abort the drill and wait until it has reverted."""
    deadline = float("inf")
    while len(started) and context.clock.now() < deadline:
        if stopping.is_set() and deadline == float("inf"):
            started.stop()
            deadline = context.clock.now() + STOP_LIMIT
        with suppress(StoreUnavailable):  # the drill goes on without it; its end is recorded when it is back
            started.tend()
        await context.clock.sleep(POLL_INTERVAL)
