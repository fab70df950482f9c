"""The feed: what is written is read back by another's eyes, whatever stands in it."""

from __future__ import annotations

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from gameday.core import visible
from gameday.core.values import Instant
from gameday.formats.calendar import feed
from gameday.formats.calendar.feed import Entry

MOMENTS = st.integers(0, 4_000_000_000).map(lambda at: Instant(float(at)))
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]) | st.just("\n"), max_size=200)


def entry(**changes: object) -> Entry:
    made = {
        "uid": "1@gameday",
        "start": Instant(1e9),
        "end": Instant(1e9 + 60),
        "summary": "Game day",
        "changed": Instant(9e8),
    }
    return Entry(**(made | changes))


def read(text: str) -> icalendar.Calendar:
    return icalendar.Calendar.from_ical(text)


@given(st.lists(st.tuples(MOMENTS, MOMENTS, TEXTS, TEXTS), max_size=5))
def test_what_is_written_is_read_back(rows: list[tuple[Instant, Instant, str, str]]):
    entries = [
        entry(start=a, end=b, summary=summary, description=description) for a, b, summary, description in rows
    ]
    found = read(feed.write(entries, "Game days")).events
    assert [(each["DTSTART"].dt.timestamp(), each["DTEND"].dt.timestamp()) for each in found] == [
        (a, b) for a, b, _, _ in rows
    ]
    assert [str(each["SUMMARY"]) for each in found] == [visible.visible(summary) for _, _, summary, _ in rows]
    assert [str(each.get("DESCRIPTION", "")) for each in found] == [
        visible.visible(description) for _, _, _, description in rows
    ]


def test_no_line_is_longer_than_75_octets_and_control_characters_are_escapes():
    text = feed.write([entry(summary="ä, ö; " * 40 + "\x07bell")], "Game days")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\x07" not in text
    assert str(read(text).events[0]["SUMMARY"]).endswith("\\u0007bell")


def test_the_same_entries_give_the_same_text():
    assert feed.write([entry()], "x") == feed.write([entry()], "x")
