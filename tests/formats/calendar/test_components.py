"""iCalendar texts taken apart: nothing that may hold a time is left out."""

from __future__ import annotations

import pytest

from gameday.formats.calendar import components


def calendar(*lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]).encode()


def test_lines_are_given_as_they_are_written_with_their_parameters():
    content = calendar('RDATE;TZID="A: b; c";VALUE=PERIOD:1/2', "SUMMARY:a\\, b\\n c")
    (found,) = components.read(content)
    line = found.one("RDATE")
    assert line is not None
    assert (line.value, dict(line.parameters)) == ("1/2", {"TZID": "A: b; c", "VALUE": "PERIOD"})
    assert found.text("SUMMARY") == "a, b\n c"


def test_a_group_in_front_of_a_name_hides_nothing():
    assert components.read(calendar("item1.RDATE:20261127"))[0].all("RDATE")


def test_lines_without_a_value_are_no_lines():
    assert components.read(calendar("RDATE:", "RRULE:  "))[0].all("RDATE") == []


def test_several_lines_where_there_must_be_one_are_a_mistake():
    with pytest.raises(ValueError, match="VCALENDAR has 2 lines UID"):
        components.read(calendar("UID:1", "UID:2"))[0].one("UID")


def test_what_can_not_be_read_matters_only_where_a_time_may_be():
    alarm = ("BEGIN:VALARM", "a line of prose", "END:VALARM")
    assert components.read(calendar("BEGIN:VEVENT", *alarm, "END:VEVENT"))
    with pytest.raises(ValueError, match="a line of prose"):
        components.read(calendar("BEGIN:VEVENT", "a line of prose", "END:VEVENT"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (calendar("BEGIN:VEVENT"), "END:VCALENDAR ends nothing"),
        (b"BEGIN:VCALENDAR\r\n", "VCALENDAR has no end"),
        (b"END:VCALENDAR\r\n", "ends nothing"),
        (b"", "does not begin and end as a calendar"),
        (b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "does not begin and end as a calendar"),
        (b"<html>", "can't be read"),
    ],
)
def test_what_is_not_whole_is_refused(content: bytes, message: str):
    with pytest.raises(ValueError, match=message):
        components.read(content)
