"""The zones of a calendar: its own, IANA's, Windows'; and none that another calendar has defined."""

from __future__ import annotations

from datetime import datetime, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core import zones
from gameday.core.values import parse_instant
from gameday.formats.calendar import components, freezes, time_zones

SUMMER = ("DTSTART:16010101T020000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3")
WINTER = ("DTSTART:16010101T030000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10")


def part(name: str, before: str, after: str, *lines: str) -> tuple[str, ...]:
    return (f"BEGIN:{name}", *lines, f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", f"END:{name}")


def zone(name: str, *lines: str) -> tuple[str, ...]:
    return ("BEGIN:VTIMEZONE", f"TZID:{name}", *lines, "END:VTIMEZONE")


def fixed(name: str, offset: str) -> tuple[str, ...]:
    return zone(name, *part("STANDARD", offset, offset, "DTSTART:19700101T000000"))


def calendar(*lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]).encode()


def read(*lines: str) -> time_zones.TimeZones:
    return time_zones.defined_in(components.read(calendar(*lines))[0])


def hours(where: tzinfo, *local: int) -> float:
    offset = datetime(*local, tzinfo=where).utcoffset()  # type: ignore[misc]  # year, month, day, …
    assert offset is not None
    return offset.total_seconds() / 3600


BERLIN = zone(
    "Customized Time Zone",
    *part("STANDARD", "+0200", "+0100", *WINTER),
    *part("DAYLIGHT", "+0100", "+0200", *SUMMER),
)


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "W. Europe Standard Time", "/example.com/Europe/Berlin", "/Europe/Berlin"]
)
def test_a_name_that_anybody_knows_needs_no_definition(name: str):
    assert read().named(name) == (zones.named("Europe/Berlin"),)


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "localtime", "example.com/Europe/Berlin", "Customized Time Zone", ""]
)
def test_a_name_that_nobody_knows_is_refused(name: str):
    with pytest.raises(ValueError, match="is unknown"):
        read().named(name)


def test_a_definition_is_found_by_its_name_whatever_the_case_and_the_space_around_it():
    (own,) = read(*fixed(" Head Office", "+0300")).named("head office ")
    assert hours(own, 2026, 1, 1) == 3


@given(st.integers(2000, 2037), st.integers(1, 12), st.integers(1, 28), st.sampled_from((0, 12, 23)))
def test_a_definition_by_rules_is_berlin(year: int, month: int, day: int, hour: int):
    (own,) = read(*BERLIN).named("Customized Time Zone")
    assert hours(own, year, month, day, hour) == hours(zones.named("Europe/Berlin"), year, month, day, hour)


def test_a_known_name_that_a_calendar_defines_otherwise_may_mean_either():
    both = read(*fixed("Europe/Berlin", "+0300")).named("Europe/Berlin")
    assert sorted(hours(each, 2026, 12, 1) for each in both) == [1, 3]


def test_a_rule_of_a_zone_that_ends_in_utc_ends_after_its_last_change():
    # In local time the last change, at 02:00, lies after 01:00 UTC as dateutil reads it.
    ended = "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;UNTIL=20260329T010000Z"
    (own,) = read(
        *zone(
            "Ours",
            *part("STANDARD", "+0200", "+0100", *WINTER),
            *part("DAYLIGHT", "+0100", "+0200", SUMMER[0], ended),
        )
    ).named("Ours")
    assert hours(own, 2026, 7, 1) == 2
    assert hours(own, 2027, 7, 1) == 1


def test_a_zone_that_begins_in_the_year_one_and_changes_on_dates_can_be_read():
    (own,) = read(
        *zone(
            "Ours",
            *part("STANDARD", "+020000", "+010000", "DTSTART:00010101T000000"),
            *part(
                "DAYLIGHT", "+0100", "+0200", "DTSTART;VALUE=DATE:20260101", "RDATE:20270601T000000Z,20280601"
            ),
        )
    ).named("ours")
    assert [hours(own, 2025, 1, 1), hours(own, 2026, 1, 2)] == [1, 2]


@pytest.mark.parametrize(
    "lines",
    [
        (),
        part("STANDARD", "+0100", "one", "DTSTART:19700101T000000"),
        part("STANDARD", "+0100", "+0100"),
        part("STANDARD", "+0100", "+0100", "DTSTART:19700101T000000", "RRULE:FREQ=SECONDLY"),
        part(
            "STANDARD",
            "+0100",
            "+0100",
            "DTSTART:19700101T000000",
            "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        ),
        (*part("STANDARD", "+0100", "+0100", "DTSTART:19700101T000000"), "TZID:Another"),
    ],
)
@pytest.mark.timeout(10)
def test_a_definition_that_can_not_be_read_matters_where_it_is_used(lines: tuple[str, ...]):
    found = read(*zone("Ours", *lines))
    assert found.named("UTC")
    with pytest.raises(ValueError, match="the time zone 'Ours' can't be read"):
        found.named("Ours")
    assert read(*zone("UTC", *lines)).named("UTC") == (zones.named("UTC"),)


@given(st.permutations(["+0100", "-0500", "+0900", "+0530"]))
def test_a_zone_of_one_calendar_never_decides_on_another(offsets: list[str]):
    """One process reads many calendars, and each Outlook calls another zone by the same name."""
    for offset in offsets:
        name = "Customized Time Zone"
        event = ("BEGIN:VEVENT", f"DTSTART;TZID={name}:20261205T130000", "DURATION:PT1H", "END:VEVENT")
        year = (parse_instant("2026-01-01T00:00:00Z"), parse_instant("2027-01-01T00:00:00Z"))
        (freeze,) = freezes.parse(calendar(*event, *fixed(name, offset)), *year)
        assert freeze.start == parse_instant(f"2026-12-05T13:00:00{offset[:3]}:{offset[3:]}")
