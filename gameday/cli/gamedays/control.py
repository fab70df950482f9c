"""What a facilitator says while a game day is on, from any terminal: one fact each, in its history.

Comes in: words. Goes out: a fact, and a line that says so; UsageError where it does not fit what is on.
Does not: wait for the conductor of the day, who finds the fact in the store.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from gameday import ports, wiring
from gameday.cli import revert
from gameday.cli.gamedays import find, finish
from gameday.cli.shared import output
from gameday.conduct.gamedays import host
from gameday.conduct.recorder import Recorder
from gameday.core.errors import UsageError
from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.gamedays import state as standings
from gameday.core.gamedays.state import GameDayState, Stage, Turn
from gameday.core.plans import dry_run as planning
from gameday.core.values import DrillId, Seconds, format_duration, parse_duration
from gameday.system import processes
from gameday.system.clock import SystemClock
from gameday.system.ids import SystemIds


@dataclass(frozen=True, slots=True)
class _LiveGameDay:
    """An open game day, and the pen of who speaks."""

    store: ports.HistoryStore
    now: GameDayState
    recorder: Recorder

    def say(self, fact: gf.GameDayFact, text: str) -> int:
        self.recorder.record(fact)
        output.talk(text)
        if not isinstance(fact, gf.GameDayEnded) and not self.conducted:
            output.hint(f"no terminal conducts it: gameday plan start {self.now.plan.path} takes it up")
        return 0

    @property
    def conducted(self) -> bool:
        return host.is_conducted(self.store, DrillId(self.now.game_day), SystemClock())

    def title(self, turn: Turn) -> str:
        return f"item {turn.item + 1}, {self.now.title(turn)}"


def _open(game_day: str, who: str) -> _LiveGameDay:
    store = wiring.workspace_store(wiring.workspace())
    named = find.find(store, game_day, open_only=True)
    now = standings.fold(find.read_history(store, named))
    if now.stage is Stage.ENDED:
        raise UsageError(f"{named} has ended", hint="gameday plan hot-wash, gameday plan report")
    name = find.must_facilitate(now.plan, who)
    recorder = Recorder(store=store, clock=SystemClock(), ids=SystemIds(), drill=named, source="cli", by=name)
    return _LiveGameDay(store, now, recorder)


def go(*, waive: str, game_day: str, who: str) -> int:
    """Give the go; with `waive`, go on although the environment has not settled."""
    day = _open(game_day, who)
    behind = day.now.settling
    if waive and behind is not None and day.now.stage in (Stage.SETTLING, Stage.UNSETTLED):
        day.recorder.record(gf.SettlingWaived(item=behind.item, attempt=behind.attempt, reason=waive))
        output.talk(f"waived, on record: {waive}")
        day = _open(game_day, who)
        if day.now.turn is not None and day.now.turn.on_agenda.is_break:
            output.talk("the break begins")  # a go would end it before it had begun
            return 0
    turn = day.now.turn
    match day.now.stage:
        case Stage.WAITING | Stage.READY | Stage.BREAK | Stage.PAUSED if turn is not None:
            fact = gf.GoGiven(item=turn.item, attempt=turn.attempt)
            ending = day.now.stage is Stage.BREAK
            paused = "; the game day is paused: gameday plan resume" if day.now.stage is Stage.PAUSED else ""
            said = "the break ends" if ending else f"go for {day.title(turn)}"
            return day.say(fact, f"{said}{paused}")
        case Stage.DRILL:
            raise UsageError("a drill is on", hint="gameday end ends its response; then: gameday plan next")
        case Stage.SETTLING | Stage.UNSETTLED:
            raise UsageError(
                f"the environment has not settled behind {day.title(behind) if behind else 'the drill'}",
                hint='wait, gameday plan extend 5m, or gameday plan next --waive "WHY"',
            )
        case _:
            raise UsageError("nothing is left on the agenda", hint="gameday plan repeat, gameday plan end")


def skip(why: str, *, game_day: str, who: str) -> int:
    """Leave out what would come next."""
    day = _open(game_day, who)
    turn = day.now.turn
    if turn is None:
        raise UsageError("nothing is left on the agenda", hint="gameday plan end")
    if day.now.stage is Stage.DRILL:
        raise UsageError("this drill is on", hint="gameday end ends its response, gameday abort aborts it")
    fact = gf.ItemSkipped(item=turn.item, attempt=turn.attempt, why=why)
    return day.say(fact, f"left out: {day.title(turn)}")


def repeat(item: int, why: str, *, game_day: str, who: str) -> int:
    """Put a scenario on the agenda once more."""
    day = _open(game_day, who)
    done = [one for one in day.now.turns if one.done and not one.on_agenda.is_break]
    if item:
        done = [one for one in done if one.item == item - 1]
    if not done:
        raise UsageError(
            f"item {item} has not been drilled" if item else "no scenario has ended yet",
            hint="gameday plan show numbers the items",
        )
    last = max(done, key=lambda one: (one.ended or 0.0, one.key))
    attempt = max(one.attempt for one in day.now.turns if one.item == last.item) + 1
    if any(one.item == last.item and not one.done for one in day.now.turns):
        raise UsageError(f"{day.title(last)} is to be repeated already", hint="gameday plan next starts it")
    fact = gf.RepeatAsked(item=last.item, attempt=attempt, why=why)
    return day.say(fact, f"once more: {day.title(last)}; gameday plan next starts it")


def pause(why: str, *, game_day: str, who: str) -> int:
    """Let nothing further begin."""
    day = _open(game_day, who)
    return day.say(gf.GameDayPaused(why=why), "paused: nothing further begins until gameday plan resume")


def resume(*, game_day: str, who: str) -> int:
    """Go on after a pause."""
    return _open(game_day, who).say(gf.GameDayResumed(), "the game day goes on")


def extend(duration: str, *, game_day: str, who: str) -> int:
    """Lengthen what is on."""
    try:
        seconds = parse_duration(duration)
    except ValueError as wrong:
        raise UsageError(str(wrong)) from wrong
    if seconds <= 0:
        raise UsageError(f"{duration} adds no time", hint="gameday plan extend 10m")
    day = _open(game_day, who)
    turn, behind = day.now.turn, day.now.settling
    more = format_duration(seconds)
    match day.now.stage:
        case Stage.DRILL if turn is not None:
            return _extend_response(day, turn, seconds)
        case Stage.SETTLING | Stage.UNSETTLED if behind is not None:
            fact = gf.TimeExtended(item=behind.item, attempt=behind.attempt, seconds=seconds, what="settling")
            return day.say(fact, f"{more} to settle, from now")
        case Stage.BREAK if turn is not None:
            fact = gf.TimeExtended(item=turn.item, attempt=turn.attempt, seconds=seconds, what="break")
            return day.say(fact, f"the break is {more} longer")
        case _:
            raise UsageError("nothing is on that could be lengthened", hint="a break, a drill, settling")


def _extend_response(day: _LiveGameDay, turn: Turn, seconds: Seconds) -> int:
    """Give the response more time, as far as the environment's policy lets a fault be held."""
    drill = DrillId(turn.drill)
    told = find.histories(day.store, day.now).get(drill)
    if told is None or told.first(ev.ResponseEnded):
        raise UsageError("the drill's response has not begun, or has ended", hint="gameday status shows it")
    before = sum(one.fact.seconds for one in told.each(ev.ResponseExtended))
    longest = planning.longest_hold(told.plan.scenario) + before + seconds
    limit = told.plan.rules.max_hold if told.plan.rules else None
    if limit is not None and longest > limit:
        raise UsageError(
            f"the fault could be held for {format_duration(longest)}; "
            f"the policy allows {format_duration(limit)}",
            hint="extend by less, or repeat the scenario",
        )
    day.recorder.for_drill(drill).record(ev.ResponseExtended(seconds=seconds))
    fact = gf.TimeExtended(item=turn.item, attempt=turn.attempt, seconds=seconds, what="response")
    return day.say(fact, f"the response has {format_duration(seconds)} more")


def end(*, game_day: str, who: str) -> int:
    """End the game day."""
    day = _open(game_day, who)
    too = "; the drill's response ends, and is judged" if day.now.stage is Stage.DRILL else ""
    day.say(gf.GameDayEnded(why="facilitator"), f"{day.now.game_day} has ended{too}")
    ended = DrillId(day.now.game_day)
    if not _ours_to_finish(day, ended):
        output.hint("the terminal that conducts it writes the report; where it died: gameday plan report")
        return 0
    space = wiring.workspace()
    if day.now.stage is Stage.DRILL and day.now.turn is not None:
        drill = DrillId(day.now.turn.drill)
        code = revert.recovered(space, day.store, drill)
        day.recorder.record(host.item_ended(day.store, day.now.turn, drill, code, host.DIED))
    return finish.finish(space, day.store, ended, by=day.recorder.by)


def _ours_to_finish(day: _LiveGameDay, ended: DrillId) -> bool:
    """Tell whether nobody else does what follows the end: a terminal that died seems alive for a while."""
    store, clock = day.store, SystemClock()
    waited = day.conducted
    if waited:
        output.talk("waiting for the terminal that conducts it, ten seconds at most")
        if not asyncio.run(host.is_abandoned(store, ended, clock)):
            return False
    mine = host.may_finish(store, ended, f"{processes.hostname()}:{processes.me().pid}:end", clock)
    if mine and waited:
        output.talk("that terminal is gone: what follows is done from here")
    return mine
