"""Whether a game day may open: its date, its approvals, nobody else opening one, and what must be ready."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.conduct.gamedays import readiness
from gameday.conduct.recorder import Recorder
from gameday.core.errors import Busy, NotReady, Refused, UsageError
from gameday.core.facts.gameday import GameDayEnded, GameDayPlanned, PrerequisiteChecked
from gameday.core.plans import schedule as schedules
from gameday.core.plans.gameday import Prerequisite
from gameday.core.plans.schedule import Kind, Recurrence, Schedule, ScheduleId
from gameday.core.policy import Approval
from gameday.core.values import DrillId, format_instant, instant
from gameday.formats.calendar import recurrence
from gameday.ports import CommandOutcome, ScheduleRow
from gameday.testing.clock import VirtualClock
from gameday.testing.drill.prober import FakeProber
from gameday.testing.drill.runner import FakeRunner
from gameday.testing.history_store import MemoryHistoryStore
from gameday.testing.ids import FakeIds
from gameday.testing.world import World
from tests.conduct.day import PLAN, SCENARIOS

DATE = instant(1_800_000_000.0)  # 2027-01-15T08:00:00Z, the date of PLAN
LASTS = 7200.0
ONCE = replace(PLAN, path="gamedays/day.yaml")
WEEKLY = replace(
    ONCE,
    once=False,
    when=Recurrence(kind=Kind.RRULE, text="FREQ=WEEKLY", zone="UTC", start="2027-01-15T08:00:00"),
)


# --- the date ---


@pytest.mark.parametrize("late", [-3600.0, 0.0, LASTS])
def test_it_opens_from_an_hour_before_its_date_for_as_long_as_it_lasts(late):
    assert readiness.occurrence(ONCE, LASTS, instant(DATE + late)) == DATE


def test_too_early_both_times_are_named_and_the_way_around_it():
    with pytest.raises(UsageError) as error:
        readiness.occurrence(ONCE, LASTS, instant(DATE - 3660))
    assert (
        error.value.message
        == "gamedays/day.yaml is planned for 2027-01-15T08:00Z; it is now 2027-01-15T06:59Z"
    )
    assert error.value.hint == "`anytime` opens it anyway"


def test_a_date_in_the_past_is_to_be_changed():
    with pytest.raises(UsageError) as error:
        readiness.occurrence(ONCE, LASTS, instant(DATE + LASTS + 1))
    assert error.value.message == "gamedays/day.yaml is in the past: it was planned for 2027-01-15T08:00Z"
    assert "change its date" in error.value.hint


@given(st.integers(min_value=-100_000, max_value=3_000_000))
def test_whenever_it_may_open_its_occurrence_is_near_and_otherwise_no_occurrence_is(seconds):
    now = instant(DATE + seconds)
    near = [
        at for at in recurrence.next_ones(WEEKLY.when, DATE, 10) if now - LASTS <= at <= now + readiness.EARLY
    ]
    try:
        assert readiness.occurrence(WEEKLY, LASTS, now) == near[0]
    except UsageError:
        assert near == []


# --- approvals ---

TWO = replace(ONCE, approvals=2)


def approve(*names, covers="sha", until=None):
    return [Approval(by=name, covers=covers, until=until) for name in names]


def test_a_plan_that_needs_no_approval_is_approved():
    assert readiness.approved(ONCE, [], "sha", "ada", DATE) == "the plan needs no approval"


def test_as_many_others_as_the_plan_asks_for_are_enough():
    assert readiness.approved(TWO, approve("bo", "cy"), "sha", "ada", DATE) == "2 other people approved it"


@pytest.mark.parametrize(
    "approvals",
    [
        approve("bo"),
        approve("bo", " BO "),
        approve("bo", "Ada"),
        approve("bo", " "),
        approve("bo") + approve("cy", covers="an older state"),
        approve("bo") + approve("cy", until=DATE),
    ],
    ids=["one", "one twice", "whoever opens it", "nobody", "other files", "expired"],
)
def test_what_does_not_count_as_another_person_leaves_it_refused(approvals):
    with pytest.raises(Refused) as error:
        readiness.approved(TWO, approvals, "sha", "ada", DATE)
    assert error.value.message == "1 of 2 other people approved gamedays/day.yaml as it is"
    assert "covers = 'sha'" in error.value.hint


@given(st.lists(st.sampled_from(["ada", "bo", "BO ", "cy", "di"]), max_size=8), st.integers(1, 4))
def test_it_is_approved_exactly_when_enough_others_are_among_those_who_did(names, needed):
    others = {name.strip().casefold() for name in names} - {"ada"}
    plan = replace(ONCE, approvals=needed)
    if len(others) >= needed:
        assert readiness.approved(plan, approve(*names), "sha", "Ada", DATE).startswith(str(len(others)))
    else:
        with pytest.raises(Refused):
            readiness.approved(plan, approve(*names), "sha", "Ada", DATE)


# --- one at a time ---


def test_while_one_game_day_opens_no_other_does_on_its_environment():
    clock = VirtualClock()
    store = MemoryHistoryStore(clock)
    with readiness.alone(store, "stage", "a", clock):
        with pytest.raises(Busy), readiness.alone(store, "stage", "b", clock):
            pass
        with readiness.alone(store, "elsewhere", "b", clock):
            pass
    with readiness.alone(store, "stage", "b", clock):
        pass


def test_the_right_to_open_is_given_back_after_a_failure_and_that_of_the_dead_runs_out():
    clock = VirtualClock()
    store = MemoryHistoryStore(clock)
    with pytest.raises(NotReady), readiness.alone(store, "stage", "a", clock):
        raise NotReady("the target does not answer")
    readiness.alone(store, "stage", "dies", clock).__enter__()
    clock.advance(readiness.OPENING_LIMIT)
    with readiness.alone(store, "stage", "b", clock):
        pass


def test_a_store_that_goes_while_one_opens_does_not_hide_why_it_failed():
    clock = VirtualClock()
    store = MemoryHistoryStore(clock)

    def open_it():
        with readiness.alone(store, "stage", "a", clock):
            store.fail_with("is away")
            raise NotReady("the target does not answer")

    with pytest.raises(NotReady, match="the target"):
        open_it()


# --- prerequisites ---

READY = Prerequisite(name="tools", command=("fix",))
MISSING = Prerequisite(name="vpn", command=("vpn", "status"))
PAGE = Prerequisite(name="page", http="http://shop/", status=204)
PROBE = Prerequisite(name="probe", probe="{}", within=5.0)


@dataclass
class Setting:
    """What the prerequisites find."""

    status: int = 204
    unreachable: str = ""
    prober: FakeProber = field(default_factory=FakeProber)
    runner: object = field(default_factory=lambda: FakeRunner(world=World()))

    async def fetch(self, url, within):
        if self.unreachable:
            raise NotReady(self.unreachable)
        return self.status

    def check(self, *prerequisites):
        async def all_of_them():
            checker = readiness.Checker(runner=self.runner, prober=self.prober, fetch=self.fetch)
            return [checked async for checked in checker.check(prerequisites)]

        checked = VirtualClock().run(all_of_them())
        assert [each.name for each in checked] == [each.name for each in prerequisites]
        return [(each.passed, each.detail) for each in checked]


def test_each_prerequisite_is_checked_though_one_before_it_failed():
    assert Setting().check(READY, MISSING, PAGE, PROBE) == [
        (True, ""),
        (False, "`vpn status` ended with 127: no such command"),
        (True, ""),
        (True, ""),
    ]


def test_a_page_passes_with_its_own_status_only():
    assert Setting(status=200).check(PAGE) == [(False, "http://shop/ answers 200")]
    assert Setting(unreachable="no route to shop").check(PAGE) == [(False, "no route to shop")]


@pytest.mark.parametrize("answer", [False, None])
def test_a_probe_that_fails_or_can_not_be_evaluated_is_not_ready(answer):
    ((passed, _),) = Setting(prober=FakeProber(answers={"{}": answer})).check(PROBE)
    assert passed is False


class SilentProber(FakeProber):
    async def ask(self, probe):
        await asyncio.sleep(3600)


def test_a_probe_that_does_not_answer_is_not_waited_for():
    assert Setting(prober=SilentProber()).check(PROBE) == [(False, "no answer within 5 s")]


class KillingRunner(FakeRunner):
    async def run(self, argv, *, timeout, actor):  # noqa: ASYNC109  # the port's
        return CommandOutcome(exit_code=None, output="x" * 1000 + "last words\n")


def test_of_a_command_that_was_killed_the_end_of_its_output_is_kept():
    ((passed, detail),) = Setting(runner=KillingRunner(world=World())).check(MISSING)
    assert not passed
    assert detail.startswith("`vpn status` was killed at its limit: ")
    assert detail.endswith("last words")
    assert len(detail) < readiness.EXCERPT_LENGTH + 50


# --- what else the environment has meanwhile ---


def opened(store, gameday, drill, *, closed=False):
    recorder = Recorder(store=store, clock=VirtualClock(), ids=FakeIds(prefix=drill), drill=DrillId(drill))
    plan = replace(PLAN, gameday=gameday)
    recorder.record(GameDayPlanned(plan=plan, scenarios=SCENARIOS, attended=True))
    if closed:
        recorder.record(GameDayEnded(why="facilitator"))


def test_another_open_game_day_on_the_environment_is_in_the_way():
    store = MemoryHistoryStore(VirtualClock())
    opened(store, "over", "gameday-0", closed=True)
    assert readiness.no_other_game_day(store.game_days(), "stage") == "none is open on stage"
    opened(store, "day", "gameday-1")
    assert readiness.no_other_game_day(store.game_days(), "stage", gameday="day") == "none is open on stage"
    assert readiness.no_other_game_day(store.game_days(), "shop") == "none is open on shop"
    with pytest.raises(Busy, match="gameday-1 is open on stage") as busy:
        readiness.no_other_game_day(store.game_days(), "stage")
    assert "gameday plan end --game-day gameday-1" in busy.value.hint


NIGHTLY = Schedule(
    schedule=ScheduleId("nightly"), scenario="scenarios/one.yaml", environment="stage", recurrence=WEEKLY.when,
    seed="s", lasts=600.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "paused", "at", "conflicts"),
    [
        ({}, False, DATE - LASTS, 1),
        ({}, False, DATE + 599, 1),
        ({}, False, DATE - LASTS - 1, 0),
        ({}, False, DATE + 600, 0),
        ({}, True, DATE, 0),
        ({"environment": "shop"}, False, DATE, 0),
        ({"scenario": ONCE.path, "game_day": True}, False, DATE, 0),
    ],
)
def test_a_schedule_that_is_due_on_the_environment_meanwhile_is_in_the_way(changes, paused, at, conflicts):
    schedule = replace(NIGHTLY, **changes)
    row = ScheduleRow(schedule=schedule, position=schedules.position(schedule, DATE), paused=paused)
    errors = readiness.schedule_conflicts([row], ONCE, instant(at), LASTS, format_time=format_instant)
    assert len(errors) == conflicts
    for error in errors:
        assert error.message == (
            "a schedule uses stage from 2027-01-15T08:00:00.000Z to 2027-01-15T08:10:00.000Z"
        )
        assert error.hint == "gameday schedule pause nightly"


def test_every_prerequisite_has_to_be_met():
    met, unmet = PrerequisiteChecked(name="a", passed=True), PrerequisiteChecked(name="b", passed=False)
    assert readiness.unmet([met]) is None
    error = readiness.unmet([met, unmet])
    assert error is not None
    assert error.message == "prerequisite not met: b"
