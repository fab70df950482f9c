"""Hours: what can't be read is refused with an example, and windows that touch are one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.policy import hours
from gameday.core.values import format_instant, instant, parse_instant

INSTANTS = st.floats(0, 4_000_000_000).map(instant)
LINES = st.sampled_from(
    [
        "09:00-17:00",
        "Mon-Fri 09:00-17:00 Europe/Berlin",
        "Fri 22:00-06:00 America/New_York",
        "Sat,Sun 00:00-24:00",
        "Sun-Tue 12:30-12:45 Asia/Kolkata",
    ]
)


def end(at, *lines):
    """Give the end of the hours that an instant lies in, to the minute."""
    until = hours.until(lines, parse_instant(at))
    return None if until is None else format_instant(until)[:16]


@given(LINES, INSTANTS)
def test_hours_end_after_the_instant_that_lies_in_them_and_not_at_once(line, at):
    until = hours.until((line,), at)
    assert until is None or until > at


@given(st.lists(LINES, min_size=1, max_size=3), LINES, INSTANTS)
def test_one_more_line_never_closes_what_was_open(lines, more, at):
    before = hours.until(tuple(lines), at)
    if before is not None:
        assert hours.until((*lines, more), at) >= before


def test_no_lines_are_no_hours():
    assert hours.until((), parse_instant("2026-11-24T11:00:00Z")) is None


def test_the_first_instant_counts_and_the_last_does_not():
    line = "Mon-Fri 09:00-17:00 Europe/Berlin"
    assert end("2026-11-24T08:00:00Z", line) == "2026-11-24T16:00"
    assert end("2026-11-24T16:00:00Z", line) is None


def test_a_window_past_midnight_belongs_to_the_day_on_which_it_begins():
    assert end("2026-11-28T05:00:00Z", "Fri 22:00-06:00") == "2026-11-28T06:00"
    assert end("2026-11-27T05:00:00Z", "Fri 22:00-06:00") is None


def test_windows_that_touch_are_taken_as_one():
    assert end("2026-11-24T10:00:00Z", "09:00-12:00", "12:00-13:00") == "2026-11-24T13:00"
    assert end("2026-11-24T10:00:00Z", "09:00-12:00", "12:01-13:00") == "2026-11-24T12:00"


def test_days_may_run_over_the_end_of_the_week_and_be_listed():
    assert hours.parse("Sat-Mon 09:00-17:00").weekdays == {5, 6, 0}
    assert hours.parse("mon,WED-thu 09:00-17:00").weekdays == {0, 2, 3}
    assert hours.parse("09:00-17:00").weekdays == set(range(7))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("weekdays", "write Mon-Fri 09:00-17:00 Europe/Berlin"),
        ("Mon-Fry 09:00-17:00", "write Mon-Fri"),
        ("Mon-Tue-Wed 09:00-17:00", "write Mon-Fri"),
        ("09:00-25:00", "hour"),
        ("09:00-17:00 Europe/Atlantis", "there is no time zone 'Europe/Atlantis'"),
        ("09:00-17:00 ../../etc", "write Mon-Fri"),
    ],
)
def test_a_line_that_can_not_be_read_is_refused_with_an_example(line, why):
    with pytest.raises(ValueError, match=why.replace(".", r"\.")):
        hours.parse(line)
