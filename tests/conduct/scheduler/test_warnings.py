"""What of a schedule is certain to be missed, and what is not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gameday.conduct.scheduler import warnings
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Kind, Recurrence, Schedule, ScheduleId
from gameday.core.policy import Calendar
from gameday.core.values import format_instant, instant
from gameday.ports import ScheduleRow
from gameday.testing.scheduler.calendars import FakeCalendars

T = instant(1_800_003_600.0)  # 2027-01-15T09:00:00Z, a Friday
DAILY = Recurrence(kind=Kind.RRULE, text="FREQ=DAILY", zone="UTC", start="2027-01-15T09:00:00")
SCHEDULE = Schedule(
    schedule=ScheduleId("slow"),
    scenario="scenarios/slow.yaml",
    environment="stage",
    seed="s",
    recurrence=DAILY,
)
OFFICE_HOURS = ("Mon-Fri 09:00-17:00",)
SUNDAYS = replace(DAILY, text="FREQ=WEEKLY;BYDAY=SU", start="2027-01-17T09:00:00")


def find(**changes):
    schedule = replace(SCHEDULE, **changes)
    row = ScheduleRow(schedule=schedule, position=schedules.position(schedule, T))
    calendars = FakeCalendars(found={"freezes.ics": Calendar(path="freezes.ics")})
    return asyncio.run(
        warnings.find(row, calendars, now=instant(T - 60), format_time=lambda at: format_instant(at)[11:16])
    )


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"distance": 86_400.0}, "a drill starts no sooner than 24 h 00 min after the last one"),
        ({"recurrence": SUNDAYS, "hours": OFFICE_HOURS}, "lies within Mon-Fri 09:00-17:00: they are missed"),
        ({"freezes": ("gone.ics",)}, "gone.ics can't be read: it is not there; until it can, this schedule"),
        ({"approvals": 1, "approve_before": 120.0}, "09:00 had to be approved by 08:58: it will be missed"),
    ],
)
def test_what_can_only_be_missed_is_warned_of(changes, warning):
    (found,) = find(**changes)
    assert warning in found


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"distance": 86_399.0},
        {"hours": OFFICE_HOURS},
        {"recurrence": replace(DAILY, text="FREQ=MINUTELY"), "hours": ("Sun 09:00-17:00",)},
        {"freezes": ("freezes.ics",)},
        {"approvals": 1, "approve_before": 60.0},
        {"approve_before": 120.0},
    ],
)
def test_what_may_start_now_and_then_is_not_warned_of(changes):
    assert find(**changes) == ()
