"""Times of lines: in which zones they count, and how long what begins at them lasts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.values import format_instant
from gameday.formats.calendar import components, time_zones, times
from gameday.formats.calendar.times import Length, Places, Time

BERLIN = ZoneInfo("Europe/Berlin")
LOCAL = datetime(2026, 3, 28, 22)  # noqa: DTZ001  # the night before the clocks go forward
PLACES = Places(
    zones=time_zones.TimeZones(defined={}, unreadable={}),
    floating=(ZoneInfo("Asia/Tokyo"), ZoneInfo("America/Lima")),
)


def line(text: str) -> components.Line:
    content = f"BEGIN:VCALENDAR\r\n{text}\r\nEND:VCALENDAR\r\n".encode()
    return components.read(content)[0].lines[0]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("DTSTART:20261127T090000Z", "2026-11-27T09:00", "2026-11-27T09:00"),
        ("DTSTART;TZID=Europe/Berlin:20261127T090000", "2026-11-27T08:00", "2026-11-27T08:00"),
        ("DTSTART;TZID=Europe/Berlin:20261127T090000Z", "2026-11-27T08:00", "2026-11-27T09:00"),
        ("DTSTART:20261127T090000", "2026-11-27T00:00", "2026-11-27T14:00"),
        ("DTSTART;TZID=Europe/Berlin;VALUE=DATE:20261127", "2026-11-26T23:00", "2026-11-26T23:00"),
    ],
)
def test_a_time_counts_in_each_zone_that_may_be_meant(text: str, first: str, last: str):
    found = times.one(line(text), PLACES)
    assert (format_instant(found.first)[:16], format_instant(found.last)[:16]) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "DTSTART:090000",
        "DTSTART:P1D",
        "DTSTART:20261127T090000Z/PT1H",
        "DTSTART:20261127,20261128",
        "DTSTART:2026",
    ],
)
def test_what_is_not_one_time_is_refused(text: str):
    with pytest.raises(ValueError, match=r"."):
        times.one(line(text), PLACES)


def test_what_begins_before_the_clocks_change_ends_at_the_later_of_wall_and_hours():
    start = Time(local=LOCAL, zones=(BERLIN,))
    eight = start.moved(timedelta(hours=8))
    assert format_instant(times.between(start, eight).end(start))[11:16] == "04:00"
    assert format_instant(times.lasting(timedelta(hours=8)).end(start))[11:16] == "05:00"
    assert format_instant(times.lasting(timedelta(days=1)).end(start))[11:16] == "20:00"


@given(st.integers(-48, 48), st.integers(-48, 48))
def test_the_longest_is_as_long_as_each(one: int, other: int):
    start = Time(local=LOCAL, zones=(UTC,))
    lengths = [times.lasting(timedelta(hours=hours)) for hours in (one, other)]
    assert times.longest(*lengths).end(start) == max(length.end(start) for length in lengths)


def test_no_length_ends_where_it_begins():
    start = Time(local=LOCAL, zones=(UTC,))
    assert times.longest() == Length(wall=timedelta(), exact=0.0)
    assert times.longest().end(start) == start.first
