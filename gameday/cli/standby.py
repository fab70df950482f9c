"""Standing by: what the daemon does beside its schedules for the drills that other hosts conduct.

Comes in: the store. Goes out: word in the store that this host reverts what others leave, and drills whose
host is gone, reverted and closed. Does not: try again what it could not revert; people are told once.
"""

from __future__ import annotations

import asyncio
import os

from gameday import ports
from gameday.cli import output, reverts
from gameday.core.errors import GamedayError
from gameday.core.values import DrillId, Instant, Seconds
from gameday.settings import Workspace
from gameday.system import clock, processes

LOOK: Seconds = 5.0
"""How often it looks for drills that are left."""
STANDS: Seconds = 20.0
"""For so long its word counts."""


async def stand_by(space: Workspace, store: ports.HistoryStore) -> None:
    """Stand by until cancelled. A store that is away is asked again; whoever serves says that it is."""
    failed: set[DrillId] = set()
    while True:
        try:
            await asyncio.to_thread(_look, space, store, failed)
        except GamedayError as error:
            output.talk(f"could not look for what drills left: {error.message}")
        await asyncio.sleep(LOOK)


def _look(space: Workspace, store: ports.HistoryStore, failed: set[DrillId]) -> None:
    host = processes.hostname()
    until = Instant(clock.now() + STANDS)
    store.stand_by(f"{host}:{os.getpid()}", host, until=until)
    for one in reverts.open_drills(store):
        if one.left and not one.gave_up and one.drill not in failed:
            output.warn(f"drill {one.drill} of {one.host or 'nobody'} was left behind; reverting it now")
            if reverts.settle(space, store, [one], by="worker"):
                failed.add(one.drill)
