"""Decides what follows where a game day's host is gone: its drill is closed, or the game day is ended."""

from __future__ import annotations

from collections.abc import Callable

from gameday import ports
from gameday.conduct import store_reads
from gameday.conduct.gamedays import host
from gameday.conduct.recorder import Recorder
from gameday.core.gamedays import state as states
from gameday.core.gamedays.state import GameDayState, Stage
from gameday.core.values import DrillId


def close_drill(recorder: Recorder, state: GameDayState, recover: Callable[[DrillId], int | None]) -> None:
    """Close the drill that a host left, if one was in progress, and record that its turn has ended.

    state: the game day's before it was ended. recover: reverts and closes a drill; gives its exit code.
    """
    if state.stage is Stage.DRILL and state.turn is not None:
        drill = DrillId(state.turn.drill)
        code = recover(drill)
        recorder.record(host.item_ended(recorder.store, state.turn, drill, code, host.DIED))


def is_to_be_ended(store: ports.HistoryStore, row: ports.DrillRow, clock: ports.Clock) -> bool:
    """Report whether nobody conducts an open game day, and nobody would resume it: it blocks its environment.

    One with people is left to them. While a drill is live on the environment, nothing is ended.
    """
    if row.closed is not None or row.environment in {live.environment for live in store.live()}:
        return False
    state = states.fold(store_reads.read(store, row.drill))
    # Its host may not have claimed it yet: only after CLAIM_TIME is it known to be abandoned.
    if state.planned.attended or clock.now() - row.started < host.CLAIM_TIME:
        return False
    return not host.is_conducted(store, row.drill, clock)
