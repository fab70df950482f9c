"""Freeze calendars: an iCalendar file -> the times within a period in which no drill may run.

Never fewer than the calendar says: whatever moves, adds or ends an occurrence is read, in the widest way
where it is unclear, or the file raises ValueError, and nothing starts then. A cancelled event or occurrence
freezes nothing; one that is shown as free does. Busy times (VFREEBUSY) freeze as events do; tasks, journals
and alarms do not.

Our own rule: times without a zone, and whole days, count in the calendar's X-WR-TIMEZONE; without one, from
the first place on earth where they begin to the last where they end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timezone

from gameday.core.policy import Freeze
from gameday.core.values import Instant
from gameday.formats.calendar import components, series, time_zones
from gameday.formats.calendar.components import Component
from gameday.formats.calendar.series import Occurrence, Period
from gameday.formats.calendar.times import Places

_EVERYWHERE = (timezone(series.EARLIEST), timezone(series.LATEST))
_LIBRARY_ERRORS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError)
"""What the libraries raise, besides ValueError, for input that nobody would write."""


def parse(content: bytes, start: Instant, end: Instant) -> tuple[Freeze, ...]:
    """Give the freezes that touch a period. Raises ValueError for what can't be read."""
    asked = Period(start=start, end=end)
    try:
        found = {
            Freeze(summary=each.summary or "freeze", start=each.start, end=each.end)
            for calendar in components.read(content)
            for each in _occurrences(calendar, asked)
            if _touches(each, asked)
        }
    except _LIBRARY_ERRORS as error:
        raise ValueError(f"the calendar can't be read: {error}") from error
    return tuple(sorted(found, key=lambda freeze: (freeze.start, freeze.end, freeze.summary)))


def _touches(each: Occurrence, asked: Period) -> bool:
    # An event without a length freezes its instant.
    return each.start <= asked.end and (asked.start < each.end or asked.start == each.start)


def _occurrences(calendar: Component, asked: Period) -> Iterator[Occurrence]:
    if calendar.text("CALSCALE").upper() not in {"", "GREGORIAN"}:
        raise ValueError(f"only Gregorian calendars can be read, not CALSCALE:{calendar.text('CALSCALE')}")
    zones = time_zones.defined_in(calendar)
    named = calendar.text("X-WR-TIMEZONE")
    places = Places(zones=zones, floating=zones.named(named) if named else _EVERYWHERE)
    by_uid: dict[str, list[Component]] = defaultdict(list)
    for number, event in enumerate(calendar.walk("VEVENT")):
        by_uid[event.text("UID") or f"the event {number}"].append(event)
    for events in by_uid.values():
        yield from series.occurrences(events, places, asked)
    for component in calendar.walk("VFREEBUSY"):
        yield from series.busy(component, places)
