"""The messages that people get in their channels.

None reveals what is injected, or when; a plan that is announced in full gives its own title and text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from gameday.core.judging.result import Head
from gameday.core.values import Instant
from gameday.ports import Message


def beforehand(
    environment: str, start: Instant, end: Instant, zone: str, *, title: str = "", text: str = ""
) -> Message:
    """Announce a window. title, text: of a plan that is announced in full."""
    first = f"A game day on {environment}: {span(start, end, zone)}."
    rest = f"\n{text}" if text else ""
    note = "" if title else "\nA drill may begin at any time in this window. Handle real alerts as usual."
    return Message(title=title or f"Game day on {environment}", text=f"{first}{note}{rest}")


def opened(environment: str, end: Instant, zone: str, *, title: str = "", text: str = "") -> Message:
    """Announce that a game day has begun."""
    first = f"A game day on {environment} has begun; it ends by {_time(end, zone)} at the latest."
    rest = f"\n{text}" if text else ""
    return Message(title=title or f"Game day on {environment}", text=f"{first}{rest}")


def ended(environment: str, *, safe: bool, heads: Mapping[str, Head] | None = None) -> Message:
    """Announce that a game day has ended, and whether everything is reverted.

    heads: those of its drills, by id, kept so where nobody who can write the store can change them.
    """
    rest = "everything is reverted" if safe else "a fault may still be in force, and people are working on it"
    lines = [f"The game day on {environment} has ended; {rest}."]
    lines += [
        f"{drill}, revision {head.revision}: head {head.hash} ({head.events} events)"
        for drill, head in (heads or {}).items()
    ]
    return Message(title=f"Game day on {environment}", text="\n".join(lines))


def span(start: Instant, end: Instant, zone: str) -> str:
    """Write a window in its zone, and in UTC where that differs."""
    local = _span(start, end, ZoneInfo(zone))
    return local if local.endswith(" UTC") else f"{local} ({_span(start, end, UTC)})"


def _span(start: Instant, end: Instant, zone: tzinfo) -> str:
    first, last = (datetime.fromtimestamp(at, zone) for at in (start, end))
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%a %Y-%m-%d %H:%M}"
    return f"{first:%a %Y-%m-%d %H:%M} to {until} {last:%Z}"


def _time(at: Instant, zone: str) -> str:
    return f"{datetime.fromtimestamp(at, ZoneInfo(zone)):%a %Y-%m-%d %H:%M %Z}"
