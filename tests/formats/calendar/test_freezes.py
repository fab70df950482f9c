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


def days(content: bytes) -> list[str]:
    return [start[8:10] for start, _ in frozen(content, *YEAR)]


def test_two_events_with_one_uid_both_freeze():
    assert days(events(SERIES, (*SERIES[:1], "DTSTART:20261110T100000Z"))) == ["01", "02", "03", "10"]


def test_a_change_of_two_events_with_one_uid_takes_nothing_away():
    other = ("UID:a", "DTSTART:20261102T100000Z", "DURATION:PT3H")
    moved = ("UID:a", "RECURRENCE-ID:20261102T100000Z", "DTSTART:20261109T100000Z")
    assert days(events(SERIES, other, moved)) == ["01", "02", "02", "03", "09"]


def test_a_moved_occurrence_whose_series_is_elsewhere_freezes_its_own_time():
    moved = ("UID:b", "RECURRENCE-ID:20261102T100000Z", "DTSTART:20261102T150000Z", "DURATION:PT1H")
    assert ("2026-11-02T15:00", "2026-11-02T16:00") in frozen(events(SERIES, moved), *YEAR)


def test_of_two_changes_of_one_occurrence_the_newer_counts():
    old = ("UID:a", "SEQUENCE:1", "RECURRENCE-ID:20261102T100000Z", "DTSTART:20261108T100000Z")
    new = ("UID:a", "SEQUENCE:2", "RECURRENCE-ID:20261102T100000Z", "DTSTART:20261109T100000Z")
    assert days(events(SERIES, new, old)) == ["01", "03", "09"]


def test_a_change_from_here_on_moves_what_follows_and_lasts_as_it_says():
    on = (
        "UID:a",
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20261102T100000Z",
        "DTSTART:20261102T150000Z",
        "DURATION:PT2H",
    )
    assert frozen(events(SERIES, on), *YEAR) == [
        ("2026-11-01T10:00", "2026-11-01T11:00"),
        ("2026-11-02T15:00", "2026-11-02T17:00"),
        ("2026-11-03T15:00", "2026-11-03T17:00"),
    ]


def test_a_cancellation_from_here_on_ends_the_series():
    off = (
        "UID:a",
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20261102T100000Z",
        "DTSTART:20261102T100000Z",
        "STATUS:CANCELLED",
    )
    assert days(events(SERIES, off)) == ["01"]


@pytest.mark.parametrize(
    "exception",
    [
        "EXDATE;VALUE=DATE:20261102",
        "EXDATE:20261102T100000",
        "EXDATE;TZID=Europe/Berlin:20261102T100000",
        "EXDATE:20261102T090000Z",
        "EXRULE:FREQ=DAILY",
    ],
)
def test_an_exception_that_names_no_occurrence_for_certain_takes_none_away(exception: str):
    assert days(events((*SERIES, exception))) == ["01", "02", "03"]


def test_an_exception_in_another_zone_names_the_same_instant():
    assert days(events((*SERIES, "EXDATE;TZID=Europe/Berlin:20261102T110000"))) == ["01", "03"]


def test_exchange_names_whole_days_by_their_midnight_in_a_zone():
    whole = ("UID:a", "DTSTART;VALUE=DATE:20261101", "RRULE:FREQ=DAILY;COUNT=3")
    off = "EXDATE;TZID=W. Europe Standard Time:20261102T000000"
    assert len(frozen(events((*whole, off)), *YEAR)) == 2


@pytest.mark.parametrize(
    ("start", "until"),
    [
        ("DTSTART;TZID=Europe/Berlin:20261201T100000", "20261203"),
        ("DTSTART;TZID=Europe/Berlin:20261201T100000", "20261203T100000"),
        ("DTSTART;TZID=America/New_York:20261201T100000", "20261203T100000"),
        ("DTSTART;TZID=Europe/Berlin:20261201T100000", "20261203T090000Z"),
        ("DTSTART:20261201T100000", "20261203T100000"),
        ("DTSTART:20261201T100000", "20261202T200000Z"),
        ("DTSTART;VALUE=DATE:20261201", "20261203"),
        ("DTSTART;VALUE=DATE:20261201", "20261203T000000Z"),
        ("DTSTART;VALUE=DATE:20261201", "20261202T230000Z"),
    ],
)
def test_the_last_day_of_a_rule_is_frozen_in_whatever_form_its_end_is_written(start: str, until: str):
    assert len(frozen(calendar(start, f"RRULE:FREQ=DAILY;UNTIL={until}"), *YEAR)) == 3


@pytest.mark.parametrize(
    "added",
    [
        "RDATE;VALUE=PERIOD:20261210T100000Z/20270112T100000Z",
        "RDATE;VALUE=PERIOD:20261210T100000Z/P33D",
        "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20261210T110000/20270112T110000",
    ],
)
def test_an_added_period_that_began_long_ago_still_freezes(added: str):
    content = calendar("DTSTART:20261201T100000Z", "DURATION:PT2H", added)
    assert frozen(content, "2027-01-10T00:00:00Z", "2027-01-11T00:00:00Z") == [
        ("2026-12-10T10:00", "2027-01-12T10:00")
    ]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (("DTSTART:20261127T100000Z", "DTEND:20261127T110000Z", "DURATION:PT5H"), "2026-11-27T15:00"),
        (("DTSTART;VALUE=DATE:20261127", "DTEND;VALUE=DATE:20261127"), "2026-11-28T12:00"),
        (("DTSTART:20261127T100000Z", "DTEND;VALUE=DATE:20261128"), "2026-11-29T12:00"),
        (("DTSTART;TZID=Europe/Berlin:20261127T100000", "DTEND;TZID=America/New_York:20261127T100000"),
         "2026-11-27T15:00"),
    ],
)  # fmt: skip
def test_an_end_is_read_in_the_widest_way(lines: tuple[str, ...], wanted: str):
    assert frozen(calendar(*lines), *YEAR)[0][1] == wanted


def test_an_end_before_its_start_freezes_what_lies_between():
    content = calendar("DTSTART:20261127T100000Z", "DTEND:20261127T080000Z")
    assert frozen(content, *YEAR) == [("2026-11-27T08:00", "2026-11-27T10:00")]


def test_a_date_added_to_a_timed_event_freezes_its_whole_day():
    content = calendar(
        "DTSTART:20261101T220000Z", "DURATION:PT4H", "RDATE;VALUE=DATE:20261105", zone="Etc/UTC"
    )
    assert frozen(content, *YEAR)[1] == ("2026-11-05T00:00", "2026-11-06T02:00")


def test_an_event_without_a_length_freezes_its_instant():
    content = calendar("DTSTART:20261127T100000Z")
    for start, end in (("09", "10"), ("10", "11")):
        assert frozen(content, f"2026-11-27T{start}:00:00Z", f"2026-11-27T{end}:00:00Z")


def test_all_calendars_of_a_file_count_each_with_its_own_zone():
    berlin = calendar("DTSTART:20261127T100000", "DURATION:PT1H", zone="Europe/Berlin")
    tokyo = calendar("DTSTART:20261127T100000", "DURATION:PT1H", zone="Tokyo Standard Time")
    assert frozen(berlin + tokyo, *YEAR) == [
        ("2026-11-27T01:00", "2026-11-27T02:00"),
        ("2026-11-27T09:00", "2026-11-27T10:00"),
    ]


def test_busy_times_freeze_and_free_ones_do_not():
    lines = ("FREEBUSY:20261127T100000Z/PT1H", "FREEBUSY;FBTYPE=FREE:20261128T100000Z/PT1H")
    content = calendar(*lines).replace(b"VEVENT", b"VFREEBUSY")
    assert frozen(content, *YEAR) == [("2026-11-27T10:00", "2026-11-27T11:00")]


@pytest.mark.parametrize(
    "rewritten",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.decode().encode("utf-16"),
        lambda text: text.decode().encode("latin-1"),
        lambda text: text.replace(b"\r\n", b"\n"),
        lambda text: text.replace(b"\r\n", b"\r"),
        lambda text: text.replace(b"T000000Z", b"T0000\r\n 00Z"),
        lambda text: text.replace("ä".encode(), b"\xc3\r\n\t\xa4"),
        lambda text: text.replace(b"VEVENT", b"vevent").replace(b"DTSTART", b"dtstart"),
    ],
)
def test_folds_line_ends_and_encodings_change_nothing(rewritten):
    content = calendar("DTSTART:20261127T000000Z", "DTEND:20261128T000000Z", "SUMMARY:Märkte")
    found = freezes.parse(rewritten(content), parse_instant(YEAR[0]), parse_instant(YEAR[1]))
    assert found == freezes.parse(content, parse_instant(YEAR[0]), parse_instant(YEAR[1]))
    assert found[0].summary == "Märkte"


@pytest.mark.parametrize(
    "content",
    [
        events(
            SERIES,
            ("UID:b", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261102T100000Z", "DTSTART:20261102T150000Z"),
        ),
        events(
            SERIES, ("UID:a", "RECURRENCE-ID;RANGE=THISANDPRIOR:20261102T100000Z", "DTSTART:20261102T150000Z")
        ),
        calendar("DTSTART:20261101T100000Z", "DTSTART:20261102T100000Z"),
        calendar("DTSTART:20261101T100000Z", "RDATE;TZID=Mars/Olympus:20261102T100000"),
        calendar("DTSTART:20261101T100000Z", "EXDATE:never"),
        calendar("DTSTART:20261101T100000Z", "a line of prose"),
        calendar("DTSTART:20261101T100000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
        calendar("DTSTART:20261101T100000Z", "RRULE:FREQ=DAILY;INTERVAL=0"),
        calendar("DTSTART:20261101T100000Z", "RRULE:FREQ=DAILY;COUNT=2;LUCK=7"),
        calendar("DTSTART:20261101T100000Z", "RRULE:FREQ=WEEKLY;BYDAY=2TU"),
        calendar("DTSTART:20261101T100000Z", "RRULE:FREQ=WEEKLY;BYDAY=MO;BYDAY=TU"),
        calendar("DTSTART:20261101T100000Z", "RRULE:FREQ=WEEKLY;BYDAY"),
        calendar("DTSTART:20261101T100000Z", "RRULE:FREQ=DAILY;UNTIL=someday"),
        calendar("DTSTART:20261101T100000Z", "RDATE:100000"),
        calendar("DTSTART:20261101T100000Z", "DURATION:PT1H", "DURATION:PT2H"),
        calendar("DTSTART:20261101T100000Z", zone="Mars/Olympus"),
        calendar("DTSTART:20261101T100000Z").replace(b"VERSION:2.0", b"CALSCALE:HEBREW"),
        b"BEGIN:VEVENT\r\nDTSTART:20261101T100000Z\r\nEND:VEVENT\r\n",
        calendar("DTSTART:20261101T100000Z") + b"END:VCALENDAR",
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
