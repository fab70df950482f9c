"""The occurrences to come: in order, and for participants no more than what is announced."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.conduct.scheduler import upcoming
from gameday.core.plans.schedule import Schedule, ScheduleId, SchedulePosition
from gameday.core.values import instant
from gameday.ports import ScheduleRow
from tests.conduct.scheduler.house import HOUR, HOURLY, ONCE, T

SECRET = Schedule(
    schedule=ScheduleId("db-dies"),
    scenario="scenarios/db-dies.yaml",
    environment="shop",
    recurrence=HOURLY,
    seed="s",
    title="The database dies",
    description="Why we do this",
    window=1800.0,
    lasts=600.0,
)


def row(schedule, occurrence=T, **more):
    return ScheduleRow(schedule=schedule, position=SchedulePosition(occurrence=occurrence), **more)


def named(name, **changes):
    return replace(SECRET, schedule=ScheduleId(name), **changes)


def texts(entry):
    return f"{entry.uid} {entry.summary} {entry.description}"


def test_a_slot_is_its_window_and_the_time_to_keep_free():
    (slot,) = upcoming.slots([row(replace(SECRET, recurrence=ONCE))], instant(T + HOUR))
    assert (slot.occurrence, slot.start, slot.end) == (T, T, T + 1800 + 600)
    assert T <= slot.moment <= T + 1800


def test_what_begins_at_the_last_instant_is_listed_and_nothing_later():
    slots = upcoming.slots([row(SECRET)], instant(T + 2 * HOUR))
    assert [slot.occurrence - T for slot in slots] == [0, HOUR, 2 * HOUR]


def test_a_schedule_without_an_occurrence_left_has_no_slots():
    assert upcoming.slots([row(SECRET, occurrence=None)], instant(T + HOUR)) == ()


def test_a_paused_schedule_is_listed_as_paused():
    (slot,) = upcoming.slots([row(SECRET, paused=True)], T)
    assert slot.paused


@given(st.lists(st.integers(min_value=0, max_value=20), min_size=1, max_size=5), st.integers(1, 40))
def test_the_slots_of_all_schedules_are_in_order_each_once_and_the_nearest_of_all(firsts, most):
    rows = [row(named(f"s{n}"), occurrence=instant(T + first * HOUR)) for n, first in enumerate(firsts)]
    until = instant(T + 24 * HOUR)
    every = upcoming.slots(rows, until)
    order = [(slot.start, slot.schedule.schedule) for slot in every]
    assert order == sorted(set(order))
    assert len(every) == sum(25 - first for first in firsts)
    assert upcoming.slots(rows, until, most=most) == every[:most]


@pytest.mark.parametrize(("announcement", "listed"), [("none", False), ("window", True), ("full", True)])
def test_participants_see_what_is_announced_and_facilitators_everything(announcement, listed):
    slots = upcoming.slots([row(replace(SECRET, announcement=announcement))], T)
    assert bool(upcoming.visible(slots, reveal=False)) is listed
    assert upcoming.visible(slots, reveal=True) == slots


def entry(reveal, **changes):
    (slot,) = upcoming.slots([row(replace(SECRET, **changes))], T)
    return slot, upcoming.entry(slot, reveal=reveal)


@pytest.mark.parametrize("attended", [False, True])
def test_of_a_window_participants_learn_neither_the_moment_nor_what_breaks(attended):
    slot, shown = entry(reveal=False, attended=attended)
    title = "Game day (shop)" if attended else "Drill (shop)"
    assert (shown.start, shown.end, shown.summary) == (slot.start, slot.end, title)
    for secret in ("db-dies", "database", "Why we do this"):
        assert secret not in texts(shown)
    assert ("any moment of this window" in shown.description) is not attended


def test_what_is_announced_in_full_has_its_title_and_text_but_not_its_moment():
    slot, shown = entry(reveal=False, announcement="full")
    assert (shown.summary, shown.description) == ("The database dies (shop)", "Why we do this")
    assert shown.start == slot.start
    assert "db-dies" not in texts(shown)


def test_facilitators_see_the_moment_the_scenario_and_the_schedule():
    slot, shown = entry(reveal=True)
    assert shown.start == slot.moment
    assert shown.description == "scenarios/db-dies.yaml, schedule db-dies"


def test_an_entry_keeps_its_id_whoever_sees_it_and_no_two_entries_share_one():
    rows = [row(named("a")), row(named("b"))]
    slots = upcoming.slots(rows, instant(T + 10 * HOUR))
    ids = [upcoming.entry(slot, reveal=False).uid for slot in slots]
    assert len(set(ids)) == len(ids) == 22
    assert ids == [upcoming.entry(slot, reveal=True).uid for slot in slots]
    again = upcoming.slots(rows, instant(T + 10 * HOUR))
    assert ids == [upcoming.entry(replace(slot, paused=True), reveal=False).uid for slot in again]


def test_a_drill_is_called_a_drill_and_a_plan_that_starts_by_itself_a_game_day():
    _, drill = entry(reveal=False)
    _, day = entry(reveal=False, game_day=True)
    assert (drill.summary, day.summary) == ("Drill (shop)", "Game day (shop)")
    assert (drill.description[:8], day.description[:11]) == ("A drill ", "A game day ")
