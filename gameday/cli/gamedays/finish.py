"""What follows the end of a game day in any terminal: calendar, all-clear, hot wash, report."""

from __future__ import annotations

from contextlib import closing

from gameday import ports, wiring
from gameday.announce import messages
from gameday.cli.gamedays import find, hot_wash
from gameday.cli.shared import notify
from gameday.conduct.drill import report
from gameday.conduct.gamedays import announcing, host, occurrence
from gameday.core.errors import GamedayError
from gameday.core.gamedays import state as states
from gameday.core.judging.result import Head
from gameday.core.values import DrillId
from gameday.settings import Workspace
from gameday.system import clock


def finish(space: Workspace, store: ports.HistoryStore, game_day: DrillId, *, by: str) -> int:
    """Notify whoever was notified that it began, hold the hot wash, write the report; give the exit code."""
    ended = states.fold(find.read_history(store, game_day))
    code = host.exit_code(ended)
    with closing(wiring.schedules(space.store_url)) as schedules:
        occurrence.end(schedules, game_day, code, clock.now())
    announced = announcing.ended(ended)
    if announced is not None:
        message = messages.ended(ended.plan.environment, safe=announced.safe, heads=_heads(store, ended))
        notify.send(space, announced.channels, message)
    hot_wash.close(space, store, game_day, by=by)
    return code


def _heads(store: ports.HistoryStore, ended: states.GameDayState) -> dict[str, Head]:
    """Give the heads of the drills that were judged."""
    heads = {}
    for turn in ended.drills:
        try:
            head = report.judge(store, DrillId(turn.drill)).result.head
        except (GamedayError, LookupError):  # its report shows what is wrong with it
            continue
        if head is not None:
            heads[turn.drill] = head
    return heads
