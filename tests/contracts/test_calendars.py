"""What every Calendars promises: the freezes that touch a period, or why a calendar can't be read."""

from __future__ import annotations

import asyncio

import pytest

from gameday.core.policy import Calendar, Freeze
from gameday.core.values import Instant, parse_instant
from gameday.signals.calendars import FreezeCalendars
from gameday.testing.clock import VirtualClock
from gameday.testing.scheduler.calendars import FakeCalendars

BEGIN, END = parse_instant("2026-11-27T10:00:00Z"), parse_instant("2026-11-27T14:00:00Z")
SALE = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Sale\r\n"
    b"DTSTART:20261127T100000Z\r\nDTEND:20261127T140000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def no_file(path):
    raise FileNotFoundError(f"no {path}")


@pytest.fixture(params=["files", "fake"])
def read(request):
    """Give what reads the calendar `sale.ics`, and no other, for a period in hours around its freeze."""
    if request.param == "files":
        files = {"sale.ics": SALE}
        calendars = FreezeCalendars(
            lambda path: files[path] if path in files else no_file(path), VirtualClock(BEGIN)
        )
    else:
        sale = Freeze(start=BEGIN, end=END, summary="Sale")
        calendars = FakeCalendars(found={"sale.ics": Calendar(path="sale.ics", freezes=(sale,))})

    def ask(path, start, end):
        return asyncio.run(calendars.read(path, Instant(BEGIN + start * 3600), Instant(BEGIN + end * 3600)))

    return ask


@pytest.mark.parametrize(("start", "end"), [(1, 2), (-1, 1), (3, 9), (-9, 9), (-1, 0)])
def test_a_freeze_that_touches_the_period_is_given(read, start, end):
    (freeze,) = read("sale.ics", start, end).freezes
    assert (freeze.start, freeze.end, freeze.summary) == (BEGIN, END, "Sale")


@pytest.mark.parametrize(("start", "end"), [(-2, -1), (4, 5), (9, 9)])
def test_a_freeze_outside_the_period_is_not(read, start, end):
    calendar = read("sale.ics", start, end)
    assert (calendar.freezes, calendar.error) == ((), "")


def test_a_calendar_that_can_not_be_read_says_why(read):
    calendar = read("other.ics", 0, 1)
    assert calendar.path == "other.ics"
    assert calendar.error
    assert not calendar.freezes
