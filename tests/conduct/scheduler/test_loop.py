"""The daemon on the virtual clock: what is due starts once; what does not start says why."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.conduct.gamedays import occurrence
from gameday.core.errors import StoreUnavailable
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Approval, State
from gameday.core.policy import Calendar, Freeze
from gameday.core.values import DrillId, Instant, instant
from gameday.formats.calendar import recurrence
from gameday.testing.schedules import (
    FakeCalendars,
)
from tests.conduct.scheduler.house import CLOSED, HOUR, HOURLY, ONCE, PLANNED, House, T, opened


def test_what_is_due_starts_at_its_time_and_ends(house):
    house.add()
    house.live(150, house.daemon())
    record = house.record()
    assert (record.state, record.exit_code) == (State.ENDED, 0)
    assert 0 <= record.started - T <= 0.5
    assert len(house.starter.drills) == 1


def test_a_game_day_of_people_waits_for_its_facilitator_and_is_missed_without(house):
    house.add(game_day=True, attended=True, grace=HOUR)
    house.live(HOUR + 90, house.daemon())
    record = house.record()
    assert (record.state, record.reason, house.starter.drills) == (State.MISSED, "unattended", [])
    assert "gameday plan start scenarios/slow.yaml" in record.why
    assert sum("waits for its facilitator" in line for line in house.reports) == 2  # at first, and as missed


def test_a_game_day_that_its_facilitator_began_is_neither_started_nor_missed(house):
    house.add(game_day=True, attended=True, grace=HOUR)
    daemon = house.daemon()
    house.live(120, daemon)
    occurrence.begin(
        house.schedules, "scenarios/slow.yaml", T, DrillId("gameday-1"), holder="d", now=house.clock.now()
    )
    house.history.append(opened(house.clock.now()))
    house.live(2 * HOUR, daemon)
    assert house.record().state is State.STARTED
    occurrence.end(house.schedules, DrillId("gameday-1"), 0, house.clock.now())
    assert (house.record().state, house.starter.drills) == (State.ENDED, [])


@pytest.mark.parametrize(("announcement", "told"), [("none", 0), ("window", 1), ("full", 1)])
def test_participants_are_told_what_is_announced(house, announcement, told):
    house.add(announcement=announcement, notice=30.0, title="A secret", description="Why", channels=("chat",))
    house.live(90, house.daemon())
    assert len(house.notices.sent) == told
    for notice in house.notices.sent:
        assert notice.channels == ("chat",)
        assert (notice.title, notice.text) == (("A secret", "Why") if announcement == "full" else ("", ""))


def test_of_several_daemons_one_starts_it(house):
    house.add(rule=HOURLY)
    house.live(3 * HOUR, *(house.daemon(str(number)) for number in range(4)))
    starts = [drill.record.occurrence for drill in house.starter.drills]
    assert starts == [T, T + HOUR, T + 2 * HOUR]


def test_two_on_one_environment_start_one_after_the_other(house):
    house.add("a")
    house.add("b")
    house.live(200, house.daemon("one"), house.daemon("two"))
    first, second = sorted((house.record("a"), house.record("b")), key=lambda record: record.started)
    assert first.ended <= second.started
    assert len(house.starter.drills) == 2


def test_on_two_environments_they_start_together(house):
    house.add("a")
    house.add("b", environment="staging")
    house.live(70, house.daemon())
    assert house.record("a").started == house.record("b").started


def test_it_starts_late_within_its_grace_and_is_missed_behind_it(house):
    house.add("in-time")
    house.add("late", environment="staging", grace=60.0)
    house.clock.advance(60 + 300)
    house.live(5, house.daemon())
    assert house.record("in-time").started == T + 300
    missed = house.record("late")
    assert (missed.state, missed.reason) == (State.MISSED, "late")
    assert missed.why == "no daemon looked at it in time: found 5 min 00 s late, its grace is 1 min 00 s"


def test_the_usual_grace_is_ten_minutes(house):
    house.add("a")
    house.clock.advance(60 + 601)
    house.live(1, house.daemon())
    assert house.record("a").state is State.MISSED


def test_days_without_a_daemon_leave_a_record_for_each_occurrence(house):
    house.add(rule=HOURLY)
    house.clock.advance(60 + 50 * HOUR - 1)
    house.live(2 * HOUR, house.daemon())
    records = house.schedules.records()
    assert [record.occurrence for record in reversed(records)] == [T + n * HOUR for n in range(52)]
    assert [record.state for record in records].count(State.MISSED) == 50


def test_in_a_freeze_it_is_missed_and_behind_it_started(house):
    freeze = Freeze(summary="sale", start=T, end=instant(T + HOUR))
    house.calendars.found["sale.ics"] = Calendar(path="sale.ics", freezes=(freeze,))
    house.add(rule=HOURLY, freezes=("sale.ics",))
    house.live(HOUR + 150, house.daemon())
    assert (house.record().reason, house.record().why) == (
        "frozen",
        "'sale' until 2027-01-15T10:00Z (sale.ics)",
    )
    assert house.record(at=T + HOUR).state is State.ENDED


def test_a_calendar_that_is_slow_delays_only_what_asks_it(house):
    class Slow(FakeCalendars):
        async def read(self, path: str, start: Instant, end: Instant) -> Calendar:
            await asyncio.sleep(30)
            return await super().read(path, start, end)

    house.calendars = Slow(found={"slow.ics": Calendar(path="slow.ics")})
    house.add("a", freezes=("slow.ics",))
    house.add("b", environment="other")
    house.add("c", environment="third", rule=replace(ONCE, start="2027-01-15T09:00:10"))
    house.live(120, house.daemon())
    begun = {name: house.record(name, at).started - at for name, at in (("a", T), ("b", T), ("c", T + 10))}
    assert 30 <= begun["a"] <= 31
    assert begun["b"] <= 0.5
    assert begun["c"] <= 0.7
    assert len(house.starter.drills) == 3


def test_drills_on_an_environment_keep_their_distance(house):
    house.add(rule=replace(HOURLY, text="FREQ=MINUTELY;INTERVAL=5"), distance=1200.0, grace=60.0)
    house.starter.on_start = lambda record: house.tell(PLANNED, CLOSED, drill=f"d{record.occurrence:.0f}")
    house.live(HOUR, house.daemon())
    starts = [drill.record.started for drill in house.starter.drills]
    assert len(starts) >= 2
    assert all(after - before >= 1200 for before, after in itertools.pairwise(starts))
    assert {record.reason for record in house.schedules.records()} - {""} == {"too-close"}


def test_what_stays_too_close_for_its_whole_grace_is_not_waited_for(house):
    house.tell(PLANNED, CLOSED, drill="before")
    house.add(rule=HOURLY, distance=86400.0, grace=1800.0)
    house.live(120, house.daemon())
    record = house.record()
    assert (record.state, record.reason, record.decided) == (State.MISSED, "too-close", T)
    assert record.why == (
        "not before 2027-01-16T08:59Z: 24 h 00 min from the last drill's end at 2027-01-15T08:59Z, "
        "and its grace ends at 2027-01-15T09:30Z"
    )


@pytest.mark.parametrize(
    ("people", "state"), [(("ada", "Ada "), State.MISSED), (("ada", "grace"), State.ENDED)]
)
def test_it_needs_as_many_people_as_it_asks_for(house, people, state):
    one = house.add(approvals=2, approve_before=30.0)
    for name in people:
        house.schedules.approve(one.schedule, T, Approval(by=name, at=house.clock.now()))
    house.live(150, house.daemon())
    assert house.record().state is state
    assert house.record().reason == ("unapproved" if state is State.MISSED else "")


def test_a_yes_of_whoever_added_the_schedule_is_none(house):
    one = house.add(approvals=1, by="Ada")
    house.schedules.approve(one.schedule, T, Approval(by="ada", at=house.clock.now()))
    house.live(90, house.daemon())
    assert house.record().why == "0 of 1 other people approved it by 2027-01-15T09:00Z"


def test_a_yes_behind_the_deadline_is_none(house):
    one = house.add(approvals=1, approve_before=30.0)
    house.schedules.approve(one.schedule, T, Approval(by="ada", at=instant(T - 29)))
    house.live(90, house.daemon())
    assert house.record().why == "0 of 1 other people approved it by 2027-01-15T08:59Z"


def test_participants_are_told_of_the_window_once_and_not_of_the_moment(house):
    house.add(window=1800.0, notice=30.0, participants=("ada",), lasts=600.0)
    house.live(2000, house.daemon("one"), house.daemon("two"))
    (notice,) = house.notices.sent
    assert (notice.start, notice.end) == (T, T + 1800 + 600)
    assert T < house.record().started < T + 1801


def test_participants_are_told_nothing_of_a_paused_schedule(house):
    one = house.add(notice=30.0, participants=("ada",))
    house.schedules.pause(one.schedule, paused=True)
    house.live(150, house.daemon("one"), house.daemon("two"))
    assert (house.record().reason, house.notices.sent) == ("paused", [])


def test_a_schedule_that_is_resumed_in_time_tells_its_participants_then(house):
    one = house.add(notice=50.0, participants=("ada",))
    house.schedules.pause(one.schedule, paused=True)
    daemon = house.daemon()
    house.live(30, daemon)
    assert house.schedules.row(one.schedule).position == schedules.SchedulePosition(occurrence=T, wake=T)
    house.schedules.pause(one.schedule, paused=False)
    house.schedules.move(house.schedules.row(one.schedule), schedules.position(one, instant(T)))
    house.live(10, daemon)
    assert [notice.start for notice in house.notices.sent] == [T]
    house.live(90, daemon)
    assert (house.record().state, len(house.notices.sent)) == (State.ENDED, 1)


def test_a_paused_schedule_starts_nothing_and_says_so(house):
    one = house.add(rule=HOURLY)
    house.schedules.pause(one.schedule, paused=True)
    daemon = house.daemon()
    house.live(90, daemon)
    assert house.record().reason == "paused"
    house.schedules.pause(one.schedule, paused=False)
    house.live(HOUR, daemon)
    assert house.record(at=T + HOUR).state is not State.MISSED


def test_without_a_store_nothing_starts_and_afterwards_it_does(house):
    house.add()
    daemon = house.daemon()
    house.schedules.fail_with("is away")
    house.live(120, daemon)
    assert house.starter.drills == []
    assert house.reports == ["the store in memory is away; nothing starts until it is back"]
    house.schedules.fail_with("")
    house.live(5, daemon)
    assert 60 <= house.record().started - T <= 62


def test_where_no_file_can_be_opened_it_looks_again(house, monkeypatch):
    """Whoever holds all its connections open must not end the daemon."""
    house.add()
    daemon = house.daemon()

    def full(*_arguments, **_options):
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(house.schedules, "waking", full)
        patched.setattr(house.schedules, "next_wake", full)
        house.live(10, daemon)
    assert house.reports == ["[Errno 24] Too many open files; nothing starts until it is back"]
    house.live(120, daemon)
    assert len(house.starter.drills) == 1


def test_what_an_outage_kept_from_starting_is_blamed_on_it(house):
    house.add()
    daemon = house.daemon()
    house.schedules.fail_with("is away")
    house.live(800, daemon)
    house.schedules.fail_with("")
    house.live(5, daemon)
    assert (house.record().state, house.record().reason) == (State.MISSED, "store")


def test_a_store_that_goes_at_the_moment_of_the_claim_starts_nothing(house, monkeypatch):
    house.add()
    daemon = house.daemon()
    working = house.schedules.claim

    def away(*_asked):
        raise StoreUnavailable("the store in memory is away")

    monkeypatch.setattr(house.schedules, "claim", away)
    house.live(70, daemon)
    assert house.starter.drills == []
    monkeypatch.setattr(house.schedules, "claim", working)
    house.live(5, daemon)
    assert len(house.starter.drills) == 1


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 2)), min_size=1, max_size=8),
    st.lists(st.sampled_from(["restart", "away", "back", "skip"]), max_size=12),
)
def test_whatever_happens_each_occurrence_has_one_record_and_starts_at_most_once(every, troubles):
    house = House()
    starts: list[tuple[str, float]] = []
    house.starter.on_start = lambda record: starts.append((record.schedule, record.occurrence))
    for number, (minutes, environment) in enumerate(every):
        rule = replace(HOURLY, text=f"FREQ=MINUTELY;INTERVAL={minutes}")
        house.add(f"s{number}", rule, environment=f"e{environment}", grace=120.0)
    daemons = [house.daemon("one"), house.daemon("two")]
    for number, trouble in enumerate([*troubles, "back"]):
        match trouble:
            case "restart":
                daemons[number % 2] = house.daemon(f"new{number}")
            case "away" | "back":
                house.schedules.fail_with("is away" if trouble == "away" else "")
            case _:
                house.clock.advance(400)
        house.live(150, *daemons)
    house.live(300, *daemons)
    assert len(starts) == len(set(starts))
    for row in house.schedules.rows():
        due = recurrence.occurrences(row.schedule.recurrence, T)
        gone = [at for at, _ in zip(due, range(10_000), strict=False) if at < house.clock.now() - 400]
        recorded = {
            record.occurrence for record in house.schedules.records(row.schedule.schedule, most=10_000)
        }
        assert set(gone) <= recorded


def test_instants_are_named(house):
    assert Instant(T) == house.clock.now() + 60
