"""Takes over abandoned drills and game days, while a daemon or a worker runs.

A record in the store announces that this host reverts what others leave. A drill whose host is gone is
reverted and closed; a game day without people whose host is gone is ended. A game day with people is left
to them: they resume it. What could not be reverted is reported once and not tried again.
"""

from __future__ import annotations

import asyncio
import os

from gameday import ports
from gameday.cli import revert
from gameday.cli.gamedays import finish
from gameday.cli.shared import output
from gameday.conduct.gamedays import ending
from gameday.conduct.recorder import Recorder
from gameday.core.errors import GamedayError
from gameday.core.facts.gameday import GameDayEnded
from gameday.core.values import DrillId, Instant, Seconds
from gameday.settings import Workspace
from gameday.system import clock, processes
from gameday.system.clock import SystemClock
from gameday.system.ids import SystemIds

POLL_INTERVAL: Seconds = 5.0
"""How often to look for abandoned drills."""
REGISTRATION_TIME: Seconds = 20.0
"""How long the record that this host reverts stays valid without renewal: four polls."""


async def revert_abandoned(space: Workspace, store: ports.HistoryStore) -> None:
    """Look for abandoned drills until cancelled. An unavailable store is reported once, and asked again."""
    failed: set[DrillId] = set()
    reported = ""
    while True:
        try:
            # In a thread: reverting may take minutes, and must not delay the scheduler in this loop.
            await asyncio.to_thread(_look, space, store, failed)
            reported = ""
        # OSError: no file can be opened now, say. The next look may succeed, and a fault may wait for it.
        except (GamedayError, OSError) as error:
            why = error.message if isinstance(error, GamedayError) else str(error)
            if why != reported:
                output.talk(f"could not look for abandoned drills: {why}")
            reported = why
        await asyncio.sleep(POLL_INTERVAL)


def _look(space: Workspace, store: ports.HistoryStore, failed: set[DrillId]) -> None:
    host = processes.hostname()
    until = Instant(clock.now() + REGISTRATION_TIME)
    store.register_reverter(f"{host}:{os.getpid()}", host, until=until)
    for drill in revert.open_drills(store):
        if drill.left and drill.gave_up and drill.needs_word and drill.drill not in failed:
            output.warn(f"drill {drill.drill} waits for a person: gameday revert {drill.drill} shows why")
            failed.add(drill.drill)
        if drill.left and not drill.gave_up and drill.drill not in failed:
            output.warn(
                f"drill {drill.drill} of {drill.host or 'no known host'} was abandoned; reverting it now"
            )
            if revert.settle(space, store, [drill], by="worker"):
                failed.add(drill.drill)
    end_abandoned_game_days(space, store)


def end_abandoned_game_days(space: Workspace, store: ports.HistoryStore) -> None:
    """End the game days that nobody conducts and nobody would resume: they block their environments."""
    for row in store.game_days():
        if not ending.is_to_be_ended(store, row, SystemClock()):
            continue
        output.warn(f"game day {row.drill} was abandoned; ending it now")
        recorder = Recorder(
            store=store, clock=SystemClock(), ids=SystemIds(), drill=row.drill, source="daemon"
        )
        recorder.record(GameDayEnded(why="left"))
        finish.finish(space, store, row.drill, by="daemon")
