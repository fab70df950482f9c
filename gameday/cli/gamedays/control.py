"""What a facilitator types while a game day is open, from any terminal: next, skip, extend, end and the like.

`conduct.gamedays.control` decides and records; the terminal that conducts the game day finds it in the store.
"""

from __future__ import annotations

import asyncio

from gameday import wiring
from gameday.cli import revert
from gameday.cli.gamedays import find, finish
from gameday.cli.shared import output
from gameday.cli.shared.field_errors import option_names
from gameday.conduct.gamedays import control, ending, host
from gameday.conduct.gamedays.control import FacilitatedGameDay, Recorded
from gameday.conduct.recorder import Recorder
from gameday.core.errors import ExitCode
from gameday.core.gamedays import state as states
from gameday.system import processes
from gameday.system.clock import SystemClock
from gameday.system.ids import SystemIds

OPTIONS = {"who": "--as NAME", "waive": 'gameday plan next --waive "WHY"'}


def go(*, waive: str, game_day: str, who: str) -> int:
    """Give the go; with `waive`, although the environment has not settled."""
    facilitated = _open(game_day, who)
    with option_names(**OPTIONS):
        return _print(facilitated, *control.go(facilitated, waive=waive))


def skip(why: str, *, game_day: str, who: str) -> int:
    """Skip what would come next."""
    facilitated = _open(game_day, who)
    with option_names(**OPTIONS):
        return _print(facilitated, control.skip(facilitated, why=why))


def repeat(item: int, why: str, *, game_day: str, who: str) -> int:
    """Put a scenario on the agenda again."""
    facilitated = _open(game_day, who)
    with option_names(**OPTIONS):
        return _print(facilitated, control.repeat(facilitated, item, why=why))


def pause(why: str, *, game_day: str, who: str) -> int:
    """Let nothing further begin."""
    facilitated = _open(game_day, who)
    with option_names(**OPTIONS):
        return _print(facilitated, control.pause(facilitated, why=why))


def resume(*, game_day: str, who: str) -> int:
    """Continue after a pause."""
    facilitated = _open(game_day, who)
    with option_names(**OPTIONS):
        return _print(facilitated, control.resume(facilitated))


def extend(duration: str, *, game_day: str, who: str) -> int:
    """Extend what is in progress."""
    facilitated = _open(game_day, who)
    with option_names(**OPTIONS):
        return _print(facilitated, control.extend(facilitated, duration))


def end(*, game_day: str, who: str) -> int:
    """End the game day, and do what follows its end unless another terminal does."""
    facilitated = _open(game_day, who)
    with option_names(**OPTIONS):
        state = facilitated.look()
        _, sentence = control.end(facilitated)
    output.talk(sentence)
    if not _wins_finish(facilitated):
        output.hint("the terminal that conducts it writes the report; if it died: gameday plan report")
        return ExitCode.PASSED
    space, store, recorder = wiring.workspace(), facilitated.store, facilitated.recorder
    revert.recover(space, store)
    ending.close_drill(recorder, state, lambda drill: revert.recovered(space, store, drill))
    return finish.finish(space, store, recorder.drill, by=recorder.by)


def _open(game_day: str, who: str) -> FacilitatedGameDay:
    """Find the open game day for whoever is at this terminal. Raises UsageError."""
    store = wiring.workspace_store(wiring.workspace())
    recorder = Recorder(
        store=store,
        clock=SystemClock(),
        ids=SystemIds(),
        drill=find.find(store, game_day, open_only=True),
        source="cli",
        by=find.viewer(who),
    )
    return FacilitatedGameDay(store=store, recorder=recorder)


def _print(facilitated: FacilitatedGameDay, *recorded: Recorded) -> int:
    for _, sentence in recorded:
        output.talk(sentence)
    if not _is_conducted(facilitated):
        state = states.fold(find.read_history(facilitated.store, facilitated.recorder.drill))
        output.hint(f"no terminal conducts it: gameday plan start {state.plan.path} resumes it")
    return ExitCode.PASSED


def _is_conducted(facilitated: FacilitatedGameDay) -> bool:
    return host.is_conducted(facilitated.store, facilitated.recorder.drill, SystemClock())


def _wins_finish(facilitated: FacilitatedGameDay) -> bool:
    """Win the right to do what follows the end; a terminal that died seems alive for some seconds."""
    conducted = _is_conducted(facilitated)
    if conducted:
        output.talk(f"waiting up to {host.CLAIM_TIME:g} s for the terminal that conducts it")
    holder = f"{processes.hostname()}:{processes.me().pid}:end"
    won = asyncio.run(host.win_finish(facilitated.store, facilitated.recorder.drill, holder, SystemClock()))
    if won and conducted:
        output.talk("that terminal is gone: this one finishes the game day")
    return won
