"""What a facilitator may do while a game day is open: give the go, skip, repeat, pause, resume, extend, end.

A command records facts in the game day's history, and its host, wherever that runs, finds them there. Each
function returns what it recorded, with a sentence for the facilitator. It raises UsageError, and records
nothing, where the game day has ended, somebody else facilitates it, or the command does not fit its stage.

What is recorded was decided on the game day as it still is: a fact is stored only if nothing was added since
the look. Where another command came first and changed what this one was about, this one is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gameday import ports
from gameday.conduct.recorder import Recorder
from gameday.core.errors import UsageError
from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.facts import history
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
        return self._look()[0]

    def decide(self, decide: Callable[[GameDayState], Recorded], *, at_any_stage: bool = False) -> Recorded:
        """Record what is decided on the current state, and give it. Raises UsageError, StoreUnavailable.

        The first look is what the facilitator meant. Signals and the like may come meanwhile: then it is
        decided again, on the same turn in the same stage; at_any_stage: whatever comes next by then.
        """
        state, last = self._look()
        meant = _at_hand(state)
        while True:
            fact, sentence = decide(state)
            if self.recorder.record_after(last, fact):
                return fact, sentence
            state, last = self._look()
            if not at_any_stage and _at_hand(state) != meant:
                raise UsageError(
                    "another command came first, and changed what comes next",
                    hint="gameday plan show; then type it again if you still mean it",
                )

    def _look(self) -> tuple[GameDayState, int]:
        """Give the state with the sequence number of the last event that it was made of."""
        stored = self.store.read(self.recorder.drill)
        state = states.fold(history.from_events(row.event for row in stored))
        if state.stage is Stage.ENDED:
            raise UsageError(
                f"{self.recorder.drill} has ended", hint="gameday plan hot-wash, gameday plan report"
            )
        must_facilitate(state.plan, self.recorder.by)
        return state, stored[-1].seq


def _at_hand(state: GameDayState) -> tuple[object, ...]:
    """Give what a command is about: the stage, the turn that comes next, and what settles before it."""
    return state.stage, *((turn.key if turn else None) for turn in (state.turn, state.settling))


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
    unsettled = game_day.look().settling
    if not waive or unsettled is None:
        return (game_day.decide(_go),)
    waived = game_day.decide(lambda state: _waiver(state, waive))
    state = game_day.look()
    if not isinstance(waived[0], gf.SettlingWaived):  # it settled meanwhile: this was the go
        return (waived,)
    if state.turn is not None and state.turn.on_agenda.is_break:
        # A go would end the break before it had begun.
        return ((waived[0], f"{waived[1]}; the break begins"),)
    return waived, game_day.decide(_go)


def _waiver(state: GameDayState, reason: str) -> Recorded:
    unsettled = state.settling
    if unsettled is None or state.stage not in UNSETTLED:
        return _go(state)
    waiver = gf.SettlingWaived(item=unsettled.item, attempt=unsettled.attempt, reason=reason)
    return waiver, f"waived, on record: {reason}"


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
    return game_day.decide(lambda state: _skip(state, why))


def _skip(state: GameDayState, why: str) -> Recorded:
    turn = state.turn
    if turn is None:
        raise _nothing_left("gameday plan end")
    if state.stage is Stage.DRILL:
        raise UsageError(
            "this drill is in progress", hint="gameday end ends its response, gameday abort aborts it"
        )
    if state.stage is Stage.READY and turn.go:
        raise UsageError(
            f"the go for {_title(state, turn)} was given: its drill begins",
            hint="gameday abort aborts it; where no terminal conducts it: gameday plan pause, then skip it",
        )
    fact = gf.ItemSkipped(item=turn.item, attempt=turn.attempt, why=why)
    return fact, f"skipped: {_title(state, turn)}"


def repeat(game_day: FacilitatedGameDay, item: int = 0, *, why: str = "") -> Recorded:
    """Put a scenario on the agenda again: an item by its number, from 1; 0: the last that ended."""
    return game_day.decide(lambda state: _repeat(state, item, why))


def _repeat(state: GameDayState, item: int, why: str) -> Recorded:
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
    return fact, f"to be repeated: {_title(state, last)}; gameday plan next starts it"


def pause(game_day: FacilitatedGameDay, *, why: str = "") -> Recorded:
    """Let nothing further begin; a drill in progress continues."""
    sentence = "paused: nothing further begins until gameday plan resume"
    return game_day.decide(lambda _state: (gf.GameDayPaused(why=why), sentence), at_any_stage=True)


def resume(game_day: FacilitatedGameDay) -> Recorded:
    """Continue after a pause."""
    resumed = gf.GameDayResumed(), "the game day continues"
    return game_day.decide(lambda _state: resumed, at_any_stage=True)


def extend(game_day: FacilitatedGameDay, duration: str) -> Recorded:
    """Extend what is in progress: the break, the drill's response, the time to settle."""
    seconds = _seconds(duration)
    state = game_day.look()
    if state.stage is Stage.DRILL and state.turn is not None:
        # The drill's history first: it is what keeps the fault in force.
        _extend_response(game_day, state.turn, seconds)
        extended = _extended(state.turn, seconds, "response")
        sentence = f"the response has {format_duration(seconds)} more"
        return game_day.decide(lambda _state: (extended, sentence), at_any_stage=True)
    return game_day.decide(lambda state: _extend(state, seconds))


def _extend(state: GameDayState, seconds: Seconds) -> Recorded:
    turn, unsettled = state.turn, state.settling
    more = format_duration(seconds)
    match state.stage:
        case Stage.SETTLING | Stage.UNSETTLED if unsettled is not None:
            return _extended(
                unsettled, seconds, "settling"
            ), f"{more} for the environment to settle, from now"
        case Stage.BREAK if turn is not None:
            return _extended(turn, seconds, "break"), f"the break is {more} longer"
        case _:
            raise UsageError(
                "nothing is in progress that could be extended", hint="a break, a drill and settling can"
            )


def _extend_response(game_day: FacilitatedGameDay, turn: Turn, seconds: Seconds) -> None:
    """Give the response more time, as far as the environment's policy lets a fault be held."""
    recorder = game_day.recorder.for_drill(DrillId(turn.drill))
    while True:
        # Compared and stored as one: two short extensions at once must not pass the policy's limit.
        last = _may_be_extended(game_day.store, recorder.drill, seconds)
        if recorder.record_after(last, ev.ResponseExtended(seconds=seconds)):
            return


def _may_be_extended(store: ports.HistoryStore, drill: DrillId, seconds: Seconds) -> int:
    """Give the last sequence number of a drill that may be extended. Raises UsageError."""
    stored = _stored(store, drill)
    facts = history.from_events(row.event for row in stored)
    if not stored or facts.first(ev.ResponseEnded):
        raise UsageError("the drill's response has not begun, or has ended", hint="gameday status shows it")
    before = sum(extension.fact.seconds for extension in facts.each(ev.ResponseExtended))
    # With earlier extensions: otherwise many short ones would pass the policy's limit.
    longest = planning.longest_hold(facts.plan.scenario) + before + seconds
    limit = facts.plan.rules.max_hold if facts.plan.rules else None
    if limit is not None and longest > limit:
        raise UsageError(
            f"the fault could be held for {format_duration(longest)}; "
            f"the policy allows {format_duration(limit)}",
            hint="extend by less, or repeat the scenario",
        )
    return stored[-1].seq


def end(game_day: FacilitatedGameDay) -> Recorded:
    """End the game day. A drill in progress ends its response, and is judged."""
    return game_day.decide(_end, at_any_stage=True)


def _end(state: GameDayState) -> Recorded:
    drill = "; the drill's response ends, and is judged" if state.stage is Stage.DRILL else ""
    return gf.GameDayEnded(why="facilitator"), f"{state.game_day} has ended{drill}"


def _seconds(duration: str) -> Seconds:
    try:
        seconds = parse_duration(duration)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if seconds <= 0:
        raise UsageError(f"{duration} adds no time", hint="gameday plan extend 10m")
    return seconds


def _stored(store: ports.HistoryStore, drill: DrillId) -> Sequence[ports.Stored]:
    """Read a drill's events; none before its first fact."""
    try:
        return store.read(drill)
    except LookupError:
        return ()


def _extended(turn: Turn, seconds: Seconds, what: str) -> gf.TimeExtended:
    return gf.TimeExtended(item=turn.item, attempt=turn.attempt, seconds=seconds, what=what)


def _title(state: GameDayState, turn: Turn) -> str:
    return f"item {turn.item + 1}, {state.title(turn)}"


def _nothing_left(hint: str) -> UsageError:
    return UsageError("nothing is left on the agenda", hint=hint)
