"""Finds game days in a store, reads their histories, and names who is at this terminal."""

from __future__ import annotations

import os
from collections.abc import Sequence

from gameday import ports
from gameday.cli.respond import live_drill
from gameday.cli.shared.field_errors import option_names
from gameday.conduct import store_reads
from gameday.conduct.drill import report
from gameday.conduct.gamedays import control
from gameday.core.errors import UsageError
from gameday.core.facts.history import History
from gameday.core.gamedays.report import DrillResult
from gameday.core.gamedays.state import GameDayState
from gameday.core.plans.gameday import GameDayPlan
from gameday.core.values import DrillId
from gameday.formats.text import document

OPEN_HINT = "gameday plan start scenarios/NAME.gameday.yaml opens one"


def find(store: ports.HistoryStore, name: str = "", *, open_only: bool = False) -> DrillId:
    """Find a game day by its id or its end, the only open one, or the last. Raises UsageError."""
    rows = store.game_days()
    if name:
        return _named(rows, name)
    open_ones = [row.drill for row in rows if row.closed is None]
    if len(open_ones) > 1:
        raise UsageError(
            f"{len(open_ones)} game days are open: {', '.join(open_ones)}", hint="name one: --game-day ID"
        )
    if open_ones:
        return open_ones[0]
    if open_only or not rows:
        raise UsageError("no game day is open" if rows else "this store has no game day yet", hint=OPEN_HINT)
    return rows[0].drill


def _named(rows: Sequence[ports.DrillRow], name: str) -> DrillId:
    matches = [row.drill for row in rows if row.drill == name or row.drill.endswith(name)]
    if len(matches) == 1:
        return matches[0]
    near = document.nearest(name, [row.drill for row in rows])
    known = f"game days in this store: {', '.join(row.drill for row in rows)}" if rows else OPEN_HINT
    raise UsageError(f"no game day '{name}'", hint=f"did you mean '{near}'?" if near else known)


def read_history(store: ports.HistoryStore, game_day: DrillId) -> History:
    """Read a game day's history."""
    return store_reads.read(store, game_day)


def histories(store: ports.HistoryStore, state: GameDayState) -> dict[str, History]:
    """Read the histories of a game day's drills that began."""
    read = {}
    for turn in state.drills:
        try:
            read[turn.drill] = store_reads.read(store, DrillId(turn.drill))
        except LookupError:
            continue
    return {drill: history for drill, history in read.items() if history.events}


def judged(store: ports.HistoryStore, state: GameDayState) -> dict[str, DrillResult]:
    """Judge a game day's drills that began."""
    results = {}
    for drill in histories(store, state):
        judgement = report.judge(store, DrillId(drill))
        results[drill] = DrillResult(history=judgement.history, result=judgement.result)
    return results


def viewer(who: str) -> str:
    """Name who is at this terminal: by --as, GAMEDAY_ACTOR, else the machine's user."""
    return who or live_drill.current_viewer(os.environ)


def must_facilitate(plan: GameDayPlan, who: str) -> str:
    """Name the facilitator at this terminal. Raises UsageError where the plan names others."""
    name = viewer(who)
    with option_names(who="--as NAME"):
        control.must_facilitate(plan, name)
    return name
