"""Finds game days in a store, and says who is at this terminal.

Comes in: a store, names. Goes out: histories of game days and of their drills; roles.
Does not: write.
"""

from __future__ import annotations

import os

from gameday import ports
from gameday.cli.respond import live_drill
from gameday.conduct import store_reads
from gameday.conduct.drill import report
from gameday.core.errors import UsageError
from gameday.core.facts.history import History
from gameday.core.gamedays.report import DrillResult
from gameday.core.gamedays.state import GameDayState
from gameday.core.plans.gameday import GameDayPlan
from gameday.core.values import DrillId
from gameday.formats.text import document

FIRST = "gameday plan start scenarios/NAME.gameday.yaml opens one"


def find(store: ports.HistoryStore, named: str = "", *, open_only: bool = False) -> DrillId:
    """Find a game day by its id or its end, the only open one, or the last. Raises UsageError."""
    rows = store.game_days()
    held = [row.drill for row in rows if row.closed is None]
    if named:
        found = [row.drill for row in rows if row.drill == named or row.drill.endswith(named)]
        if len(found) == 1:
            return found[0]
        near = document.nearest(named, [row.drill for row in rows])
        hint = (
            f"did you mean '{near}'?" if near else f"there are: {', '.join(r.drill for r in rows) or 'none'}"
        )
        raise UsageError(f"there is no game day '{named}'", hint=hint)
    if len(held) > 1:
        raise UsageError(
            f"{len(held)} game days are open: {', '.join(held)}", hint="say which: --game-day ID"
        )
    if held:
        return held[0]
    if open_only or not rows:
        raise UsageError("no game day is open" if rows else "this store has no game day yet", hint=FIRST)
    return rows[0].drill


def read_history(store: ports.HistoryStore, game_day: DrillId) -> History:
    """Read a game day's history."""
    return store_reads.read(store, game_day)


def histories(store: ports.HistoryStore, standing: GameDayState) -> dict[str, History]:
    """Read the histories of a game day's drills, as far as they began."""
    found = {}
    for turn in standing.drills:
        try:
            found[turn.drill] = store_reads.read(store, DrillId(turn.drill))
        except LookupError:
            continue
    return {drill: one for drill, one in found.items() if one.events}


def judged(store: ports.HistoryStore, standing: GameDayState) -> dict[str, DrillResult]:
    """Judge a game day's drills, as far as they began."""
    found = {}
    for drill in histories(store, standing):
        one = report.judge(store, DrillId(drill))
        found[drill] = DrillResult(history=one.history, result=one.result)
    return found


def viewer(who: str) -> str:
    """Name who is at this terminal: by --as, GAMEDAY_ACTOR, else the machine's user."""
    return who or live_drill.current_viewer(os.environ)


def must_facilitate(plan: GameDayPlan, who: str) -> str:
    """Name the facilitator at this terminal. Raises UsageError where the plan names others."""
    name = viewer(who)
    if plan.facilitators and name not in plan.facilitators:
        held = next((one.roles for one in plan.participants if one.name == name), ())
        what = f"{name} is {held[0]}" if held else f"{name} takes no part in it"
        raise UsageError(
            f"a facilitator conducts this game day, and {what}",
            hint=f"--as NAME says who you are; facilitators: {', '.join(plan.facilitators)}",
        )
    return name
