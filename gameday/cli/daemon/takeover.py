"""Standing by: what the daemon does beside its schedules for drills and game days that others left.

Comes in: the store. Goes out: word in the store that this host reverts what others leave; drills whose host
is gone, reverted and closed; game days without people whose host is gone, ended.
Does not: try again what it could not revert; people are told once. Nor end a game day of people: they take
it up.
"""

from __future__ import annotations

import asyncio
import os

from gameday import ports
from gameday.cli import revert
from gameday.cli.gamedays import find, finish
from gameday.cli.shared import output
from gameday.conduct.gamedays import host as gamedays_host
from gameday.conduct.recorder import Recorder
from gameday.core.errors import GamedayError
from gameday.core.facts.gameday import GameDayEnded
from gameday.core.gamedays import state as standings
from gameday.core.values import DrillId, Instant, Seconds
from gameday.settings import Workspace
from gameday.system import clock, processes
from gameday.system.clock import SystemClock
from gameday.system.ids import SystemIds

LOOK: Seconds = 5.0
"""How often it looks for what is left."""
STANDS: Seconds = 20.0
"""For so long its word counts."""


async def revert_abandoned(space: Workspace, store: ports.HistoryStore) -> None:
    """Stand by until cancelled. A store that is away is asked again; that it is, is said once."""
    failed: set[DrillId] = set()
    said = ""
    while True:
        try:
            await asyncio.to_thread(_look, space, store, failed)
            said = ""
        except GamedayError as error:
            if error.message != said:
                output.talk(f"could not look for what drills left: {error.message}")
            said = error.message
        await asyncio.sleep(LOOK)


def _look(space: Workspace, store: ports.HistoryStore, failed: set[DrillId]) -> None:
    host = processes.hostname()
    until = Instant(clock.now() + STANDS)
    store.register_reverter(f"{host}:{os.getpid()}", host, until=until)
    for one in revert.open_drills(store):
        if one.left and not one.gave_up and one.drill not in failed:
            output.warn(f"drill {one.drill} of {one.host or 'nobody'} was left behind; reverting it now")
            if revert.settle(space, store, [one], by="worker"):
                failed.add(one.drill)
    end_abandoned_game_days(space, store)


def end_abandoned_game_days(space: Workspace, store: ports.HistoryStore) -> None:
    """End the game days that nobody conducts and nobody would take up: they bar their environments."""
    environments = {row.environment for row in store.live()}
    for row in store.game_days():
        if row.closed is not None or row.environment in environments:
            continue
        told = standings.fold(find.read_history(store, row.drill))
        if told.planned.attended or clock.now() - row.started < gamedays_host.CLAIM_TIME:
            continue
        if gamedays_host.is_conducted(store, row.drill, SystemClock()):
            continue
        output.warn(f"game day {row.drill} was left behind; ending it now")
        recorder = Recorder(
            store=store, clock=SystemClock(), ids=SystemIds(), drill=row.drill, source="daemon"
        )
        recorder.record(GameDayEnded(why="left"))
        finish.finish(space, store, row.drill, by="daemon")
