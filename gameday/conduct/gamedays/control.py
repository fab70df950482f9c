"""What a facilitator may do while a game day is open: give the go, skip, repeat, pause, resume, extend, end.

A command records facts in the game day's history, and its host, wherever that runs, finds them there. Each
function returns what it recorded, with a sentence for the facilitator. It raises UsageError, and records
nothing, where the game day has ended, somebody else facilitates it, or the command does not fit its stage.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday import ports
from gameday.conduct import store_reads
from gameday.conduct.recorder import Recorder
from gameday.core.errors import UsageError
from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.facts.history import History
from gameday.core.gamedays import state as states
from gameday.core.gamedays.state import GameDayState, Stage, Turn
from gameday.core.plans import dry_run as planning
from gameday.core.plans.gameday import GameDayPlan
from gameday.core.values import DrillId, Seconds, format_duration, parse_duration

Recorded = tuple[gf.GameDayFact, str]
"""A fact that was recorded, and a sentence about it."""
UNSETTLED = (Stage.SETTLING, Stage.UNSETTLED)


@dataclass(frozen=True, kw_only=True, slots=True)
class FacilitatedGameDay:
    """A game day, and the recorder of its history under the facilitator's name."""

    store: ports.HistoryStore
    recorder: Recorder

    def look(self) -> GameDayState:
        """Give its current state. Raises UsageError where it has ended, or somebody else facilitates it."""
        state = states.fold(store_reads.read(self.store, self.recorder.drill))
        if state.stage is Stage.ENDED:
            raise UsageError(
                f"{self.recorder.drill} has ended", hint="gameday plan hot-wash, gameday plan report"
            )
        must_facilitate(state.plan, self.recorder.by)
        return state

    def record(self, fact: gf.GameDayFact, sentence: str) -> Recorded:
        """Record a fact, and give it with its sentence."""
        self.recorder.record(fact)
        return fact, sentence


def must_facilitate(plan: GameDayPlan, name: str) -> None:
    """Refuse whoever is no facilitator, where the plan names some. Raises UsageError."""
    if not plan.facilitators or name in plan.facilitators:
        return
    roles = next((person.roles for person in plan.participants if person.name == name), ())
    what = f"{name} is {roles[0]}" if roles else f"{name} is not a participant"
    raise UsageError(
        f"a facilitator conducts this game day, and {what}",
        hint=f"name yourself with `who`; facilitators: {', '.join(plan.facilitators)}",
    )


def go(game_day: FacilitatedGameDay, *, waive: str = "") -> tuple[Recorded, ...]:
    """Give the go: the next scenario starts, or the break ends.

    waive: why to go on although the environment has not settled.
    """
    state = game_day.look()
    unsettled = state.settling
    if not waive or unsettled is None or state.stage not in UNSETTLED:
        return (game_day.record(*_go(state)),)
    waiver = gf.SettlingWaived(item=unsettled.item, attempt=unsettled.attempt, reason=waive)
    waived = game_day.record(waiver, f"waived, on record: {waive}")
    state = game_day.look()
    if state.turn is not None and state.turn.on_agenda.is_break:
        # A go would end the break before it had begun.
        return ((waiver, f"{waived[1]}; the break begins"),)
    return waived, game_day.record(*_go(state))


def _go(state: GameDayState) -> Recorded:
    turn = state.turn
    match state.stage:
        case Stage.WAITING | Stage.READY | Stage.BREAK | Stage.PAUSED if turn is not None:
            fact = gf.GoGiven(item=turn.item, attempt=turn.attempt)
            paused = state.stage is Stage.PAUSED
            sentence = "the break ends" if state.stage is Stage.BREAK else f"go for {_title(state, turn)}"
            return fact, f"{sentence}{'; the game day is paused: gameday plan resume' if paused else ''}"
        case Stage.DRILL:
            raise UsageError(
                "a drill is in progress", hint="gameday end ends its response; then: gameday plan next"
            )
        case Stage.SETTLING | Stage.UNSETTLED:
            after = _title(state, state.settling) if state.settling else "the drill"
            raise UsageError(
                f"the environment has not settled after {after}",
                hint="wait, gameday plan extend 5m, or `waive`",
            )
        case _:
            raise _nothing_left("gameday plan repeat, gameday plan end")


def skip(game_day: FacilitatedGameDay, *, why: str = "") -> Recorded:
    """Skip what would come next."""
    state = game_day.look()
    turn = state.turn
    if turn is None:
        raise _nothing_left("gameday plan end")
    if state.stage is Stage.DRILL:
        raise UsageError(
            "this drill is in progress", hint="gameday end ends its response, gameday abort aborts it"
        )
    fact = gf.ItemSkipped(item=turn.item, attempt=turn.attempt, why=why)
    return game_day.record(fact, f"skipped: {_title(state, turn)}")


def repeat(game_day: FacilitatedGameDay, item: int = 0, *, why: str = "") -> Recorded:
    """Put a scenario on the agenda again: an item by its number, from 1; 0: the last that ended."""
    state = game_day.look()
    done = [turn for turn in state.turns if turn.done and not turn.on_agenda.is_break]
    if item:
        done = [turn for turn in done if turn.item == item - 1]
    if not done:
        raise UsageError(
            f"item {item} has not run yet" if item else "no scenario has ended yet",
            hint="gameday plan show numbers the items",
        )
    last = max(done, key=lambda turn: (turn.ended or 0.0, turn.key))
    attempts = [turn for turn in state.turns if turn.item == last.item]
    if any(not turn.done for turn in attempts):
        raise UsageError(
            f"{_title(state, last)} will already be repeated", hint="gameday plan next starts it"
        )
    attempt = max(turn.attempt for turn in attempts) + 1
    fact = gf.RepeatAsked(item=last.item, attempt=attempt, why=why)
    return game_day.record(fact, f"to be repeated: {_title(state, last)}; gameday plan next starts it")


def pause(game_day: FacilitatedGameDay, *, why: str = "") -> Recorded:
    """Let nothing further begin; a drill in progress continues."""
    game_day.look()
    sentence = "paused: nothing further begins until gameday plan resume"
    return game_day.record(gf.GameDayPaused(why=why), sentence)


def resume(game_day: FacilitatedGameDay) -> Recorded:
    """Continue after a pause."""
    game_day.look()
    return game_day.record(gf.GameDayResumed(), "the game day continues")


def extend(game_day: FacilitatedGameDay, duration: str) -> Recorded:
    """Extend what is in progress: the break, the drill's response, the time to settle."""
    seconds = _seconds(duration)
    state = game_day.look()
    turn, unsettled = state.turn, state.settling
    more = format_duration(seconds)
    match state.stage:
        case Stage.DRILL if turn is not None:
            return _extend_response(game_day, turn, seconds)
        case Stage.SETTLING | Stage.UNSETTLED if unsettled is not None:
            return game_day.record(
                _extended(unsettled, seconds, "settling"), f"{more} for the environment to settle, from now"
            )
        case Stage.BREAK if turn is not None:
            return game_day.record(_extended(turn, seconds, "break"), f"the break is {more} longer")
        case _:
            raise UsageError(
                "nothing is in progress that could be extended", hint="a break, a drill and settling can"
            )


def _extend_response(game_day: FacilitatedGameDay, turn: Turn, seconds: Seconds) -> Recorded:
    """Give the response more time, as far as the environment's policy lets a fault be held."""
    drill = DrillId(turn.drill)
    history = _history(game_day.store, drill)
    if history is None or history.first(ev.ResponseEnded):
        raise UsageError("the drill's response has not begun, or has ended", hint="gameday status shows it")
    before = sum(extension.fact.seconds for extension in history.each(ev.ResponseExtended))
    # With earlier extensions: otherwise many short ones would pass the policy's limit.
    longest = planning.longest_hold(history.plan.scenario) + before + seconds
    limit = history.plan.rules.max_hold if history.plan.rules else None
    if limit is not None and longest > limit:
        raise UsageError(
            f"the fault could be held for {format_duration(longest)}; "
            f"the policy allows {format_duration(limit)}",
            hint="extend by less, or repeat the scenario",
        )
    # The drill's history first: it is what keeps the fault in force.
    game_day.recorder.for_drill(drill).record(ev.ResponseExtended(seconds=seconds))
    sentence = f"the response has {format_duration(seconds)} more"
    return game_day.record(_extended(turn, seconds, "response"), sentence)


def end(game_day: FacilitatedGameDay) -> Recorded:
    """End the game day. A drill in progress ends its response, and is judged."""
    state = game_day.look()
    drill = "; the drill's response ends, and is judged" if state.stage is Stage.DRILL else ""
    return game_day.record(gf.GameDayEnded(why="facilitator"), f"{state.game_day} has ended{drill}")


def _seconds(duration: str) -> Seconds:
    try:
        seconds = parse_duration(duration)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if seconds <= 0:
        raise UsageError(f"{duration} adds no time", hint="gameday plan extend 10m")
    return seconds


def _history(store: ports.HistoryStore, drill: DrillId) -> History | None:
    """Read a drill's history; None before its first fact."""
    try:
        history = store_reads.read(store, drill)
    except LookupError:
        return None
    return history if history.events else None


def _extended(turn: Turn, seconds: Seconds, what: str) -> gf.TimeExtended:
    return gf.TimeExtended(item=turn.item, attempt=turn.attempt, seconds=seconds, what=what)


def _title(state: GameDayState, turn: Turn) -> str:
    return f"item {turn.item + 1}, {state.title(turn)}"


def _nothing_left(hint: str) -> UsageError:
    return UsageError("nothing is left on the agenda", hint=hint)
