"""Entries -> an iCalendar feed (RFC 5545) that people's calendars subscribe to.

The text is the same for the same entries. `conduct.scheduler.upcoming` chooses what people may see. Freeze
calendars are read by `formats.calendar.freezes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gameday.core import visible
from gameday.core.values import Instant

if TYPE_CHECKING:
    import icalendar

REFRESH = timedelta(minutes=15)
"""How often a subscribed calendar should ask again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry. changed: when it was last written; uid: the same whenever it is written again."""

    uid: str
    start: Instant
    end: Instant
    summary: str
    changed: Instant
    description: str = ""
    categories: tuple[str, ...] = ()


def write(entries: Iterable[Entry], name: str) -> str:
    """Write a calendar with a name."""
    import icalendar  # noqa: PLC0415  # takes 90 ms, and only feeds need it

    calendar = icalendar.Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", "-//gameday//schedules//EN")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("X-WR-CALNAME", _text(name))
    calendar.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_filled(icalendar.Event(), entry))
    return str(calendar.to_ical(), "utf-8")


def _filled(event: icalendar.Event, entry: Entry) -> icalendar.Event:
    event.add("UID", _text(entry.uid))
    # Not the time of writing: the text must be the same for the same entries.
    event.add("DTSTAMP", _utc(entry.changed))
    event.add("DTSTART", _utc(entry.start))
    event.add("DTEND", _utc(entry.end))
    event.add("SUMMARY", _text(entry.summary))
    if entry.description:
        event.add("DESCRIPTION", _text(entry.description))
    if entry.categories:
        event.add("CATEGORIES", [_text(category) for category in entry.categories])
    return event


def _utc(at: Instant) -> datetime:
    # iCalendar has no fractions of a second.
    return datetime.fromtimestamp(at, UTC).replace(microsecond=0)


def _text(text: str) -> str:
    """Show control characters, which a calendar may not hold, and hidden ones; line breaks are allowed."""
    return visible.visible(text.replace("\r\n", "\n"))
