"""What of a schedule is certain to be missed is found when it is added."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.conduct.scheduler import warnings
from gameday.core.plans.schedule import Schedule, ScheduleId, SchedulePosition
from gameday.core.policy import Calendar
from gameday.core.values import format_instant, instant
from gameday.ports import ScheduleRow
from gameday.testing.scheduler.calendars import FakeCalendars
from tests.conduct.scheduler.house import HOUR, HOURLY, ONCE, T

PLAIN = Schedule(schedule=ScheduleId("a"), scenario="s.yaml", environment="shop", recurrence=HOURLY, seed="s")


def find(calendars=None, *, occurrence=T, now=T - 60, **changes):
    row = ScheduleRow(schedule=replace(PLAIN, **changes), position=SchedulePosition(occurrence=occurrence))
    known = FakeCalendars(found=calendars or {})
    return asyncio.run(warnings.find(row, known, now=instant(now), format_time=format_instant))


def test_a_schedule_that_will_start_has_no_warnings():
    assert find(hours=("Mon-Fri 09:00-17:00",), distance=HOUR - 1, approvals=1) == ()


def test_a_schedule_with_no_occurrence_left_has_none_to_miss():
    assert find(occurrence=None, distance=HOUR, freezes=("gone.ics",)) == ()


def test_a_calendar_that_can_not_be_read_starts_nothing():
    (warning,) = find({"here.ics": Calendar(path="here.ics")}, freezes=("here.ics", "gone.ics"))
    assert warning.startswith("gone.ics can't be read: it is not there")


def test_a_deadline_in_the_past_misses_the_first():
    (warning,) = find(approvals=1, approve_before=600.0)
    assert warning.endswith("had to be approved by 2027-01-15T08:50:00.000Z: it will be missed")


@given(st.floats(min_value=0, max_value=3 * HOUR))
def test_it_warns_of_a_distance_exactly_when_two_occurrences_are_no_farther_apart(distance):
    assert any("too-close" in warning for warning in find(distance=distance)) is (distance >= HOUR)


def test_one_occurrence_is_never_too_close():
    assert find(recurrence=ONCE, distance=30 * 86400.0) == ()


@pytest.mark.parametrize(
    ("recurrence", "hours", "warned"),
    [
        (ONCE, "Sat-Sun 00:00-24:00", True),  # T is a Friday
        (replace(HOURLY, text="FREQ=DAILY"), "Mon-Fri 10:00-12:00", True),
        (replace(HOURLY, text="FREQ=DAILY"), "Mon-Fri 09:00-10:00", False),
        (replace(HOURLY, text="FREQ=MINUTELY"), "Sat-Sun 00:00-24:00", False),
    ],
    ids=["once", "never", "at times", "not a week of them was examined"],
)
def test_it_warns_where_none_of_a_weeks_occurrences_lies_within_the_hours(recurrence, hours, warned):
    assert any("outside-hours" in each for each in find(recurrence=recurrence, hours=(hours,))) is warned
