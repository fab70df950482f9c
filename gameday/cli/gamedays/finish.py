"""What follows the end of a game day, wherever it is ended: hot wash, report, calendar, all-clear.

Comes in: a game day that has ended. Goes out: its exit code. Does not: end it; that is a fact in its history.
"""

from __future__ import annotations

from contextlib import closing

from gameday import ports, wiring
from gameday.announce import messages
from gameday.cli.gamedays import find, hot_wash
from gameday.cli.shared import notify
from gameday.conduct.gamedays import occurrence
from gameday.core.errors import ExitCode, worst
from gameday.core.gamedays import state as standings
from gameday.core.values import DrillId
from gameday.settings import Workspace
from gameday.system import clock

UNFINISHED = {"unsettled": ExitCode.INCONCLUSIVE, "left": ExitCode.ABORTED}
"""Exit codes of game days without people that did not come through their agenda."""


def finish(space: Workspace, store: ports.HistoryStore, game_day: DrillId, *, by: str) -> int:
    """Ask what the day has shown, write its report, tell who was told that it began; give its exit code."""
    ended = standings.fold(find.read_history(store, game_day))
    code = exit_code(ended)
    with closing(wiring.schedules(space.store_url)) as schedules:
        occurrence.end(schedules, game_day, code, clock.now())
    if ended.plan.announcement != "none":
        message = messages.ended(ended.plan.environment, safe=code != ExitCode.FAULT_IN_FORCE)
        notify.send(space, (one.channel for one in ended.plan.channels), message)
    hot_wash.close(space, store, game_day, by=by)
    return code


def exit_code(ended: standings.GameDayState) -> ExitCode:
    """Give the exit code of a game day that has ended: the worst of its drills'.

    With people a drill below its bar is what the day was held to learn: only a fault that may still be in
    force counts. Without, one that did not come through is no pass.
    """
    codes = [turn.exit_code for turn in ended.drills if turn.exit_code is not None]
    if ended.planned.attended:
        return ExitCode.FAULT_IN_FORCE if ExitCode.FAULT_IN_FORCE in codes else ExitCode.PASSED
    return worst(codes or [ExitCode.PASSED]) or UNFINISHED.get(ended.why, ExitCode.PASSED)
