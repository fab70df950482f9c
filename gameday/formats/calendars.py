"""Entries -> an iCalendar feed that people's calendars subscribe to.

Comes in: entries in UTC. Goes out: text, the same for the same entries. Does not: choose what people may
see; `conduct.agenda` does. Freeze calendars are read by `formats.freezes`.

Format: RFC 5545: CRLF, lines folded at 75 octets, commas, semicolons and newlines escaped in text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from gameday.core.values import Instant

WIDTH = 75


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
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//gameday//schedules//EN", "METHOD:PUBLISH")
    body = (line for entry in entries for line in _event(entry))
    lines = (*head, f"X-WR-CALNAME:{_text(name)}", *body, "END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event(entry: Entry) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(entry.uid)}"
    yield f"DTSTAMP:{_utc(entry.changed)}"
    yield f"DTSTART:{_utc(entry.start)}"
    yield f"DTEND:{_utc(entry.end)}"
    yield f"SUMMARY:{_text(entry.summary)}"
    if entry.description:
        yield f"DESCRIPTION:{_text(entry.description)}"
    if entry.categories:
        yield f"CATEGORIES:{','.join(map(_text, entry.categories))}"
    yield "END:VEVENT"


def _utc(at: Instant) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """Escape a text; other control characters may not stand in a calendar."""
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return "".join(each for each in text if each >= " " and each != "\x7f")


def _folded(line: str) -> str:
    """Break a line after at most 75 octets, within no character."""
    parts, part, width = [], "", 0
    for each in line:
        octets = len(each.encode())
        if width + octets > WIDTH:
            parts.append(part)
            part, width = "", 1  # the blank that begins a continued line
        part, width = part + each, width + octets
    return "\r\n ".join((*parts, part))
