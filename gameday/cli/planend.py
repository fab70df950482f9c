"""What follows the end of a game day, wherever it is ended: hot wash, report, calendar, all-clear.

Comes in: a game day that has ended. Goes out: its exit code. Does not: end it; that is a fact in its history.
"""

from __future__ import annotations

from contextlib import closing

from gameday import ports, wiring
from gameday.cli import days, planwash, telling
from gameday.conduct import held
from gameday.core.occasion import standing as standings
from gameday.core.values import DrillId
from gameday.render import announcement
from gameday.settings import Workspace
from gameday.system import clock

EXPOSED = 4
GRAVEST = (EXPOSED, 70, 3, 5, 1, 2)
"""Exit codes of drills, the gravest first."""
UNFINISHED = {"unsettled": 5, "left": 3}
"""Exit codes of game days without people that did not come through their agenda."""


def finish(space: Workspace, store: ports.HistoryStore, game_day: DrillId, *, by: str) -> int:
    """Ask what the day has shown, write its report, tell who was told that it began; give its exit code."""
    ended = standings.of(days.told(store, game_day))
    code = exit_code(ended)
    with closing(wiring.schedules(space.store_url)) as schedules:
        held.end(schedules, game_day, code, clock.now())
    if ended.plan.announcement != "none":
        message = announcement.ended(ended.plan.environment, safe=code != EXPOSED)
        telling.tell(space, (one.channel for one in ended.plan.channels), message)
    planwash.close(space, store, game_day, by=by)
    return code


def exit_code(ended: standings.Standing) -> int:
    """Give the exit code of a game day that has ended: the gravest of its drills'.

    With people a drill below its bar is what the day was held to learn: only a fault that may still be in
    force counts. Without, one that did not come through is no pass.
    """
    codes = {turn.exit_code for turn in ended.drills}
    if ended.planned.attended:
        return EXPOSED if EXPOSED in codes else 0
    gravest = next((code for code in GRAVEST if code in codes), 0)
    return gravest or UNFINISHED.get(ended.why, 0)
