"""Freeze calendars: which times they freeze, and that nothing unreadable passes for a free day."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.values import format_instant, parse_instant
from gameday.formats.calendar import freezes

DAY = 86400.0


def calendar(*lines: str, zone: str = "") -> bytes:
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", *([f"X-WR-TIMEZONE:{zone}"] if zone else [])]
    return "\r\n".join([*head, "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""]).encode()


def frozen(content: bytes, start: str, end: str) -> list[tuple[str, str]]:
    found = freezes.parse(content, parse_instant(start), parse_instant(end))
    return [(format_instant(each.start)[:16], format_instant(each.end)[:16]) for each in found]


YEAR = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")


def test_a_time_in_utc_counts_as_it_is_written():
    content = calendar("DTSTART:20261127T000000Z", "DTEND:20261128T000000Z", "SUMMARY:Black Friday")
    assert frozen(content, *YEAR) == [("2026-11-27T00:00", "2026-11-28T00:00")]
    assert freezes.parse(content, parse_instant(YEAR[0]), parse_instant(YEAR[1]))[0].summary == "Black Friday"


def test_a_time_in_a_zone_counts_there():
    content = calendar("DTSTART;TZID=Europe/Berlin:20261127T090000", "DURATION:PT2H")
    assert frozen(content, *YEAR) == [("2026-11-27T08:00", "2026-11-27T10:00")]


def test_a_whole_day_counts_in_the_zone_of_the_calendar():
    content = calendar("DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227", zone="Europe/Berlin")
    assert frozen(content, *YEAR) == [("2026-12-23T23:00", "2026-12-26T23:00")]


def test_a_whole_day_without_a_zone_lasts_from_its_first_to_its_last_place_on_earth():
    assert frozen(calendar("DTSTART;VALUE=DATE:20261224"), *YEAR) == [
        ("2026-12-23T10:00", "2026-12-25T12:00")
    ]


def test_a_weekly_freeze_keeps_its_hour_over_a_change_of_clocks():
    content = calendar(
        "DTSTART;TZID=Europe/Berlin:20261019T180000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2"
    )
    assert frozen(content, *YEAR) == [
        ("2026-10-19T16:00", "2026-10-19T17:00"),
        ("2026-10-26T17:00", "2026-10-26T18:00"),
    ]


def test_an_exception_is_left_out_and_an_addition_taken_in():
    lines = ("DTSTART:20261101T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20261103T100000Z")
    content = calendar(*lines, "EXDATE:20261102T100000Z", "RDATE:20261105T100000Z")
    assert [start[8:10] for start, _ in frozen(content, *YEAR)] == ["01", "03", "05"]


def test_only_what_touches_the_period_is_given():
    content = calendar("DTSTART:20200101T000000Z", "DURATION:P1D", "RRULE:FREQ=YEARLY")
    assert frozen(content, "2026-12-31T23:00:00Z", "2027-01-01T01:00:00Z") == [
        ("2027-01-01T00:00", "2027-01-02T00:00")
    ]
    assert frozen(content, "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z") == []


def test_a_cancelled_event_and_an_alarm_within_one_freeze_nothing():
    assert frozen(calendar("DTSTART:20261127T000000Z", "STATUS:CANCELLED"), *YEAR) == []
    alarm = ("BEGIN:VALARM", "TRIGGER:-PT15M", "DURATION:P99D", "END:VALARM")
    content = calendar("DTSTART:20261127T000000Z", "DTEND:20261127T010000Z", *alarm)
    assert frozen(content, *YEAR) == [("2026-11-27T00:00", "2026-11-27T01:00")]


def events(*blocks: tuple[str, ...]) -> bytes:
    inner = [line for block in blocks for line in ("BEGIN:VEVENT", *block, "END:VEVENT")]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *inner, "END:VCALENDAR", ""]).encode()


SERIES = ("UID:a", "DTSTART:20261101T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")


def test_a_moved_occurrence_freezes_its_new_time_and_frees_its_old_one():
    moved = ("UID:a", "RECURRENCE-ID:20261102T100000Z", "DTSTART:20261102T150000Z", "DURATION:PT2H")
    assert frozen(events(SERIES, moved), *YEAR) == [
        ("2026-11-01T10:00", "2026-11-01T11:00"),
        ("2026-11-02T15:00", "2026-11-02T17:00"),
        ("2026-11-03T10:00", "2026-11-03T11:00"),
    ]


def test_a_cancelled_occurrence_of_a_series_freezes_nothing():
    off = ("UID:a", "RECURRENCE-ID:20261102T100000Z", "DTSTART:20261102T100000Z", "STATUS:CANCELLED")
    assert [start[8:10] for start, _ in frozen(events(SERIES, off), *YEAR)] == ["01", "03"]


def test_an_added_period_has_its_own_length():
    content = calendar(
        "DTSTART:20261101T100000Z", "DURATION:PT1H", "RDATE;VALUE=PERIOD:20261105T100000Z/PT5H"
    )
    assert frozen(content, *YEAR)[1] == ("2026-11-05T10:00", "2026-11-05T15:00")


def test_a_zone_that_the_calendar_defines_itself_counts():
    zone = ("BEGIN:VTIMEZONE", "TZID:Head Office", "BEGIN:STANDARD", "DTSTART:19700101T000000")
    zone += ("TZOFFSETFROM:+0300", "TZOFFSETTO:+0300", "END:STANDARD", "END:VTIMEZONE")
    event = ("BEGIN:VEVENT", "DTSTART;TZID=Head Office:20261127T090000", "DURATION:PT1H", "END:VEVENT")
    content = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *zone, *event, "END:VCALENDAR", ""]).encode()
    assert frozen(content, *YEAR) == [("2026-11-27T06:00", "2026-11-27T07:00")]


def test_an_event_without_a_zone_lasts_longer_by_the_width_of_the_earth():
    content = calendar("DTSTART:20261127T090000", "DTEND:20261127T100000")
    assert frozen(content, *YEAR) == [("2026-11-26T19:00", "2026-11-27T22:00")]


def test_a_series_whose_end_lies_before_its_start_is_over_and_not_refused():
    content = calendar("DTSTART:20261101T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20261001T000000Z")
    assert len(frozen(content, *YEAR)) <= 1


@pytest.mark.parametrize(
    "content",
    [
        events(SERIES, SERIES),
        events(SERIES, ("UID:b", "RECURRENCE-ID:20261102T100000Z", "DTSTART:20261102T150000Z")),
        calendar("DTSTART:20261101T100000Z", "DTSTART:20261102T100000Z"),
        calendar("DTSTART:20261101T100000Z", "RDATE;TZID=Mars/Olympus:20261102T100000"),
        calendar("DTSTART:20261101T100000Z", "EXDATE:never"),
        calendar("DTSTART:20261101T100000Z", "a line of prose"),
        calendar("DTSTART:20261101T100000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
        calendar("DTSTART:20261101T100000Z", "RRULE:FREQ=DAILY;INTERVAL=0"),
        calendar("DTSTART:20261101T100000Z", "RRULE:FREQ=DAILY;COUNT=2;LUCK=7"),
        calendar("DTSTART:20261101T100000Z", zone="Mars/Olympus"),
        b"BEGIN:VEVENT\r\nDTSTART:20261101T100000Z\r\nEND:VEVENT\r\n",
        calendar("DTSTART:20261101T100000Z") * 2,
    ],
)
@pytest.mark.timeout(10)
def test_what_the_libraries_would_pass_over_is_refused(content: bytes):
    with pytest.raises(ValueError, match=r"."):
        frozen(content, *YEAR)


@given(st.integers(0, 200), st.binary(max_size=12))
def test_a_damaged_calendar_is_refused_or_read_and_nothing_else(place: int, damage: bytes):
    sound = events(SERIES, ("UID:b", "DTSTART;TZID=Europe/Berlin:20261101T100000", "DTEND:20261102T000000Z"))
    content = sound[:place] + damage + sound[place + len(damage) :]
    try:
        found = freezes.parse(content, parse_instant(YEAR[0]), parse_instant(YEAR[1]))
    except ValueError:
        return
    assert all(each.start <= each.end for each in found)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"<html>not found</html>",
        calendar("DTSTART:20261127T000000Z")[:60],
        calendar("SUMMARY:no start"),
        calendar("DTSTART:tomorrow"),
        calendar("DTSTART;TZID=Mars/Olympus:20261127T000000"),
        calendar("DTSTART:20261127T000000Z", "RRULE:FREQ=SOMETIMES"),
        calendar("DTSTART:20261127T000000Z", "DURATION:a week"),
        calendar("DTSTART:20261127T000000Z", "RECURRENCE-ID:20261126T000000Z"),
        calendar("DTSTART:20200101T000000Z", "RRULE:FREQ=SECONDLY"),
    ],
)
def test_what_can_not_be_read_is_refused(content: bytes):
    with pytest.raises(ValueError, match=r"."):
        frozen(content, *YEAR)


@given(st.integers(0, 400), st.integers(1, 72), st.integers(0, 400 * 24))
def test_an_instant_within_an_event_is_frozen_and_one_outside_is_not(day: int, hours: int, looked: int):
    base = parse_instant("2026-01-01T00:00:00Z")
    start = base + day * DAY
    text = format_instant(start)[:19].replace("-", "").replace(":", "") + "Z"
    content = calendar(f"DTSTART:{text}", f"DURATION:PT{hours}H")
    at = base + looked * 3600
    assert bool(freezes.parse(content, at, at)) is (start <= at < start + hours * 3600)
