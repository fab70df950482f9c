"""What a facilitator may do at each stage of a game day, and what is recorded of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.conduct.gamedays import control, host
from gameday.conduct.gamedays.control import FacilitatedGameDay
from gameday.conduct.recorder import Recorder
from gameday.core.errors import UsageError
from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.facts import history
from gameday.core.gamedays import state as states
from gameday.core.plans.scenario import ScorecardRules
from gameday.core.policy import Policy
from gameday.core.values import DrillId, Mode
from gameday.testing.clock import VirtualClock
from gameday.testing.history_store import MemoryHistoryStore
from gameday.testing.ids import FakeIds
from tests.conduct.day import DAY, PLAN, SCENARIOS

DRILL = DrillId("drill-1")


class Opened:
    """A game day that ada facilitates, a second after it was opened."""

    def __init__(self, plan=PLAN, *, attended=True, by="ada"):
        self.clock = VirtualClock()
        self.store = MemoryHistoryStore(self.clock)
        recorder = Recorder(store=self.store, clock=self.clock, ids=FakeIds(), drill=DAY, source="cli", by=by)
        self.facilitated = FacilitatedGameDay(store=self.store, recorder=recorder)
        self.record(gf.GameDayPlanned(plan=plan, scenarios=SCENARIOS, attended=attended))

    def record(self, *facts, drill=DAY):
        for fact in facts:
            self.clock.advance(1)
            self.facilitated.recorder.for_drill(drill).record(fact)
        return self

    def drill(self, policy=None):
        """Begin the first scenario's drill, under a policy."""
        planned = ev.DrillPlanned(
            scenario=replace(SCENARIOS["scenarios/one.yaml"], hold="for", hold_for=300.0),
            scorecard=ScorecardRules(scorecard="s", version=1, criteria=()),
            mode=Mode.EVALUATE,
            environment="stage",
            comparable="c",
            rules=policy,
        )
        return self.record(gf.ItemBegun(item=0, attempt=1, drill=DRILL)).record(planned, drill=DRILL)

    def drilled(self, **ended):
        self.record(gf.ItemBegun(item=0, attempt=1, drill=DRILL))
        return self.record(gf.ItemEnded(item=0, attempt=1, how="completed", **ended))

    def facts(self, kind, drill=DAY):
        return [row.event.fact for row in self.store.read(drill) if isinstance(row.event.fact, kind)]

    def count(self):
        return len(self.store.read(DAY))


@pytest.fixture
def day():
    return Opened()


# --- who, and while it is open ---


COMMANDS = {
    "go": control.go,
    "skip": control.skip,
    "repeat": control.repeat,
    "pause": control.pause,
    "resume": control.resume,
    "extend": lambda game_day: control.extend(game_day, "5m"),
    "end": control.end,
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_who_does_not_facilitate_it_does_nothing(command):
    day = Opened(by="rita")
    with pytest.raises(UsageError, match="rita is incident commander") as refused:
        command(day.facilitated)
    assert refused.value.hint == "name yourself with `who`; facilitators: ada"
    assert day.count() == 1


def test_whoever_takes_no_part_does_nothing_and_without_facilitators_anybody_does():
    with pytest.raises(UsageError, match="eve is not a participant"):
        control.pause(Opened(by="eve").facilitated)
    control.pause(Opened(replace(PLAN, participants=()), by="eve").facilitated)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_nothing_is_done_to_a_game_day_that_has_ended(day, command):
    control.end(day.facilitated)
    before = day.count()
    with pytest.raises(UsageError, match="gameday-1 has ended"):
        command(day.facilitated)
    assert day.count() == before


# --- go ---


def test_the_go_is_for_the_turn_at_hand(day):
    recorded = control.go(day.facilitated)
    assert recorded == ((gf.GoGiven(item=0, attempt=1), "go for item 1, one breaks"),)
    assert day.facts(gf.GoGiven) == [gf.GoGiven(item=0, attempt=1)]


def test_the_go_of_a_paused_game_day_says_that_it_is_paused(day):
    control.pause(day.facilitated, why="lunch is late")
    ((_, sentence),) = control.go(day.facilitated)
    assert sentence == "go for item 1, one breaks; the game day is paused: gameday plan resume"
    assert control.resume(day.facilitated) == (gf.GameDayResumed(), "the game day continues")


def test_a_go_ends_a_break(day):
    control.skip(day.facilitated)
    assert control.go(day.facilitated) == ((gf.GoGiven(item=1, attempt=1), "the break ends"),)


def test_no_go_during_a_drill_before_it_settled_or_after_the_last():
    with pytest.raises(UsageError, match="a drill is in progress"):
        control.go(Opened().drill().facilitated)
    with pytest.raises(UsageError, match="the environment has not settled after item 1, one breaks"):
        control.go(Opened().drilled().facilitated)
    day = Opened()
    for item in range(3):
        day.record(gf.ItemSkipped(item=item, attempt=1))
    with pytest.raises(UsageError, match="nothing is left on the agenda"):
        control.go(day.facilitated)


def test_a_waiver_before_a_break_does_not_end_the_break(day):
    day.drilled()
    ((fact, sentence),) = control.go(day.facilitated, waive="we know")
    assert fact == gf.SettlingWaived(item=0, attempt=1, reason="we know")
    assert sentence == "waived, on record: we know; the break begins"
    assert day.facts(gf.GoGiven) == []


def test_a_waiver_before_a_scenario_is_its_go_too(day):
    day.drilled().record(gf.ItemSkipped(item=1, attempt=1))
    waived, went = control.go(day.facilitated, waive="we know")
    assert waived[1] == "waived, on record: we know"
    assert went == (gf.GoGiven(item=2, attempt=1), "go for item 3, two breaks")


def test_a_waiver_of_nothing_is_a_go(day):
    ((fact, _),) = control.go(day.facilitated, waive="we know")
    assert fact == gf.GoGiven(item=0, attempt=1)


# --- skip, repeat ---


def test_what_comes_next_is_skipped_but_no_drill_in_progress(day):
    fact, sentence = control.skip(day.facilitated, why="no time")
    assert (fact, sentence) == (
        gf.ItemSkipped(item=0, attempt=1, why="no time"),
        "skipped: item 1, one breaks",
    )
    with pytest.raises(UsageError, match="this drill is in progress"):
        control.skip(Opened().drill().facilitated)


def test_a_scenario_that_ended_is_repeated_once_more_at_a_time(day):
    with pytest.raises(UsageError, match="no scenario has ended yet"):
        control.repeat(day.facilitated)
    day.drilled()
    with pytest.raises(UsageError, match="item 3 has not run yet"):
        control.repeat(day.facilitated, 3)
    fact, sentence = control.repeat(day.facilitated, why="again")
    assert fact == gf.RepeatAsked(item=0, attempt=2, why="again")
    assert sentence == "to be repeated: item 1, one breaks; gameday plan next starts it"
    with pytest.raises(UsageError, match="item 1, one breaks will already be repeated"):
        control.repeat(day.facilitated, 1)


# --- extend ---


@pytest.mark.parametrize(("duration", "message"), [("0s", "0s adds no time"), ("soon", "soon")])
def test_only_a_duration_extends(day, duration, message):
    with pytest.raises(UsageError, match=message):
        control.extend(day.facilitated, duration)


def test_nothing_is_extended_before_it_begins(day):
    with pytest.raises(UsageError, match="nothing is in progress that could be extended"):
        control.extend(day.facilitated, "5m")


def test_a_break_and_settling_are_extended(day):
    day.drilled()
    assert control.extend(day.facilitated, "5m") == (
        gf.TimeExtended(item=0, attempt=1, seconds=300.0, what="settling"),
        "5 min 00 s for the environment to settle, from now",
    )
    control.go(day.facilitated, waive="we know")
    assert control.extend(day.facilitated, "5m")[0].what == "break"


def test_the_response_is_extended_in_both_histories(day):
    day.drill()
    fact, _ = control.extend(day.facilitated, "5m")
    assert (fact.seconds, fact.what) == (300.0, "response")
    assert day.facts(ev.ResponseExtended, DRILL) == [ev.ResponseExtended(seconds=300.0)]


def test_the_response_is_extended_no_further_than_the_policy_lets_a_fault_be_held():
    day = Opened().drill(Policy(max_hold=650.0))
    control.extend(day.facilitated, "5m")
    with pytest.raises(UsageError, match="the fault could be held for 11 min 00 s; the policy allows"):
        control.extend(day.facilitated, "1m")
    assert len(day.facts(ev.ResponseExtended, DRILL)) == 1


def test_a_response_that_has_not_begun_or_has_ended_is_not_extended():
    day = Opened().record(gf.ItemBegun(item=0, attempt=1, drill=DRILL))
    ended = Opened().drill().record(ev.ResponseEnded(why="recovered"), drill=DRILL)
    for game_day in (day, ended):
        with pytest.raises(UsageError, match="has not begun, or has ended"):
            control.extend(game_day.facilitated, "1m")


# --- end ---


def test_the_end_ends_the_response_of_a_drill_in_progress(day):
    assert control.end(day.drill().facilitated) == (
        gf.GameDayEnded(why="facilitator"),
        "gameday-1 has ended; the drill's response ends, and is judged",
    )


@pytest.mark.parametrize(
    ("attended", "codes", "why", "code"),
    [
        (True, (0, 1), "facilitator", 0),
        (True, (0, 4), "facilitator", 4),
        (False, (0, 0), "through", 0),
        (False, (0, 1), "through", 1),
        (False, (1, 4), "through", 4),
        (False, (5, 1), "through", 1),
        (False, (2, 1), "through", 2),
        (False, (3, 70), "through", 70),
        (False, (0, 137), "through", 70),
        (False, (0,), "unsettled", 5),
        (False, (0,), "left", 3),
    ],
)
def test_the_exit_code_is_the_worst_of_what_automation_played(attended, codes, why, code):
    day = Opened(attended=attended)
    for number, exit_code in enumerate(codes):
        day.record(gf.ItemBegun(item=2 * number, attempt=1, drill=f"d{number}"))
        day.record(gf.ItemEnded(item=2 * number, attempt=1, how="completed", exit_code=exit_code))
    day.record(gf.GameDayEnded(why=why))
    ended = states.fold(history.from_events(row.event for row in day.store.read(DAY)))
    assert host.exit_code(ended) == code


# --- several at once ---


class Raced(MemoryHistoryStore):
    """A store into which somebody else writes between a command's look and its fact."""

    before_next = None

    def append_after(self, drill, last, *events):
        before, self.before_next = self.before_next, None
        if before is not None:
            before()
        return super().append_after(drill, last, *events)


@pytest.fixture
def raced():
    day = Opened()
    day.store = Raced(day.clock)
    recorder = replace(day.facilitated.recorder, store=day.store)
    day.facilitated = FacilitatedGameDay(store=day.store, recorder=recorder)
    return day.record(gf.GameDayPlanned(plan=PLAN, scenarios=SCENARIOS, attended=True))


@pytest.mark.parametrize(
    ("first", "then"),
    [("skip", "go"), ("go", "skip"), ("skip", "skip"), ("go", "go"), ("end", "go"), ("end", "skip")],
)
def test_of_two_commands_about_one_turn_typed_together_one_counts(raced, first, then):
    raced.store.before_next = lambda: COMMANDS[first](raced.facilitated)
    with pytest.raises(UsageError, match=r"another command came first|has ended"):
        COMMANDS[then](raced.facilitated)
    assert raced.count() == 2


@pytest.mark.parametrize("command", ["go", "skip", "pause", "end"])
def test_a_signal_that_comes_meanwhile_keeps_nobody_from_it(raced, command):
    raced.store.before_next = lambda: raced.record(ev.SignalRejected(system="generic", reason="not JSON"))
    COMMANDS[command](raced.facilitated)
    assert raced.count() == 3


@pytest.mark.parametrize("command", ["pause", "end"])
def test_what_holds_up_everything_counts_whatever_came_first(raced, command):
    raced.store.before_next = lambda: control.go(raced.facilitated)
    COMMANDS[command](raced.facilitated)
    assert raced.count() == 3


def test_what_has_its_go_is_not_skipped_unless_the_game_day_is_paused(day):
    control.go(day.facilitated)
    with pytest.raises(UsageError, match="the go for item 1, one breaks was given"):
        control.skip(day.facilitated)
    control.pause(day.facilitated)
    control.skip(day.facilitated)
    assert day.facts(gf.ItemSkipped) == [gf.ItemSkipped(item=0, attempt=1)]


def test_two_extensions_at_once_do_not_pass_the_policy_s_limit(raced):
    raced.drill(Policy(max_hold=500.0))
    raced.store.before_next = lambda: control.extend(raced.facilitated, "3m")
    with pytest.raises(UsageError, match="the policy allows"):
        control.extend(raced.facilitated, "3m")
    assert len(raced.facts(ev.ResponseExtended, DRILL)) == 1
