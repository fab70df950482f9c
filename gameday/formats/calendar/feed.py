"""Entries -> an iCalendar feed that people's calendars subscribe to.

Comes in: entries in UTC. Goes out: text, the same for the same entries; icalendar writes it (RFC 5545).
Does not: choose what people may see; `conduct.scheduler.upcoming` does. Freeze calendars are read by
`formats.calendar.freezes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gameday.core.values import Instant

if TYPE_CHECKING:
    import icalendar

REFRESH = timedelta(minutes=15)
"""How often a calendar that subscribes should ask again."""


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
    """Write a calendar of some name."""
    import icalendar  # noqa: PLC0415  # 90 ms, which only those who write one should wait for

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
    event.add("DTSTAMP", _utc(entry.changed))
    event.add("DTSTART", _utc(entry.start))
    event.add("DTEND", _utc(entry.end))
    event.add("SUMMARY", _text(entry.summary))
    if entry.description:
        event.add("DESCRIPTION", _text(entry.description))
    if entry.categories:
        event.add("CATEGORIES", [_text(each) for each in entry.categories])
    return event


def _utc(at: Instant) -> datetime:
    return datetime.fromtimestamp(at, UTC).replace(microsecond=0)


def _text(text: str) -> str:
    """Leave out control characters, which may not stand in a calendar; a line break may."""
    unix = text.replace("\r\n", "\n")
    return "".join(each for each in unix if each == "\n" or (each >= " " and each != "\x7f"))
