"""Freeze calendars: an iCalendar file -> the times within a period in which no drill may run.

icalendar reads the file (RFC 5545), and recurring-ical-events unrolls recurrences, with exceptions, additions
and moved occurrences. Nothing is guessed: whatever can't be read raises ValueError, and nothing starts then.

Our own rules: times without a zone, and whole days, count in the calendar's X-WR-TIMEZONE; without one, from
the first place on earth where they begin to the last where they end. A cancelled event or occurrence is
ignored. The libraries are forgiving: they skip what they can't read, ignore an unknown zone, keep one of two
events with the same UID, and unroll a rule for as long as it takes. All this is refused beforehand.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from icalendar.prop import vRecur

from gameday.core.errors import UsageError
from gameday.core.plans.schedule import Kind
from gameday.core.policy import Freeze
from gameday.core.values import Instant, instant
from gameday.formats.calendar import recurrence

EARLIEST, LATEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
"""The zones in which a local time comes first and last."""
MAX_OCCURRENCES = 50_000
"""Occurrences of one rule that are unrolled: a daily one since 1900, an hourly one for five years."""
_MARGIN = timedelta(days=2)
"""Wider than the earth's zones are apart."""
_HOURS = {"YEARLY": 24, "MONTHLY": 24, "WEEKLY": 24, "DAILY": 24, "HOURLY": 1}
"""Hours within which a rule has at most one day, or one hour, of each BYHOUR, BYMINUTE, BYSECOND."""
_DATED = ("DTSTART", "DTEND", "RDATE", "EXDATE", "RECURRENCE-ID")
_LIBRARY_ERRORS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError)
"""What the libraries raise, besides ValueError, for input that nobody would write."""


def parse(content: bytes, start: Instant, end: Instant) -> tuple[Freeze, ...]:
    """Give the freezes that touch a period. Raises ValueError for what can't be read."""
    try:
        freezes = sorted(
            _parse(content, start, end), key=lambda freeze: (freeze.start, freeze.end, freeze.summary)
        )
    except _LIBRARY_ERRORS as error:
        raise ValueError(f"the calendar can't be read: {error}") from error
    return tuple(freezes)


def _parse(content: bytes, start: Instant, end: Instant) -> Iterator[Freeze]:
    try:
        calendar = icalendar.Calendar.from_ical(content.decode("utf-8-sig"))
    except ValueError as error:  # the library's message may hold the whole file
        raise ValueError(f"the calendar is incomplete or malformed: {str(error)[:120]}") from error
    if not isinstance(calendar, icalendar.Calendar):
        raise ValueError("it does not begin and end as a calendar (BEGIN:VCALENDAR, END:VCALENDAR)")  # noqa: TRY004  # one kind of mistake
    _must_be_whole(calendar, end)
    zone = _zone_of(calendar)
    low, high = (datetime.fromtimestamp(at, UTC) for at in (start, end))
    # Wider than asked: times without a zone are moved only below.
    for event in recurring_ical_events.of(calendar).between(low - _MARGIN, high + _MARGIN):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        # Without a zone: from the first place on earth where it begins to the last where it ends.
        begins = _instant(event["DTSTART"].dt, zone or EARLIEST)
        ends = _instant(event["DTEND"].dt, zone or LATEST)
        if begins <= end and start < ends:
            yield Freeze(summary=str(event.get("SUMMARY", "")) or "freeze", start=begins, end=ends)


def _instant(at: date, floating: tzinfo) -> Instant:
    """Give the instant of a date or a time; one without a zone in the zone that is given."""
    local = at if isinstance(at, datetime) else datetime.combine(at, time())
    return instant((local if local.tzinfo is not None else local.replace(tzinfo=floating)).timestamp())


def _zone_of(calendar: icalendar.Calendar) -> tzinfo | None:
    name = str(calendar.get("X-WR-TIMEZONE", ""))
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, LookupError) as error:
        raise ValueError(f"the time zone '{name}' is unknown") from error


# --- what the libraries would skip ---


def _must_be_whole(calendar: icalendar.Calendar, end: Instant) -> None:
    """Refuse what the libraries would skip, or unroll for too long."""
    events: list[Any] = list(calendar.walk("VEVENT"))
    for event in events:
        for name, mistake in event.errors:
            raise ValueError(f"{name or 'a line'} of an event can't be read: {mistake}")
        _must_have_times(event)
        _must_end(event, end)
    series = Counter(str(event["UID"]) for event in events if "UID" in event and "RECURRENCE-ID" not in event)
    for uid, times in series.items():
        if times > 1:
            raise ValueError(f"{times} events have the UID '{uid}', and only one of them would count")
    for event in events:
        if "RECURRENCE-ID" in event and str(event.get("UID", "")) not in series:
            raise ValueError("a moved occurrence belongs to no event of this calendar")


def _must_have_times(event: Any) -> None:
    """Refuse an event without a beginning, and a time in an unknown zone."""
    if not isinstance(event.get("DTSTART"), icalendar.vDDDTypes):
        raise ValueError("an event has no DTSTART, or several")  # noqa: TRY004  # one kind of mistake
    for name in _DATED:
        for value in _lines(event, name):
            named = value.params.get("TZID")
            if named and any(_floats(at) for at in _times(value)):
                raise ValueError(f"the time zone '{named}' is unknown")


def _lines(event: Any, name: str) -> list[Any]:
    """Give the lines with a name; there may be none, one or several."""
    lines = event.get(name, [])
    return lines if isinstance(lines, list) else [lines]


def _times(value: Any) -> list[object]:
    return [date.dt for date in value.dts] if isinstance(value, icalendar.prop.vDDDLists) else [value.dt]


def _floats(at: object) -> bool:
    """Check whether a time has no zone. Of a period the beginning counts; a whole day needs no zone."""
    first = at[0] if isinstance(at, tuple) else at
    return isinstance(first, datetime) and first.tzinfo is None


def _must_end(event: Any, end: Instant) -> None:
    """Refuse rules that never match, and those with too many occurrences to unroll."""
    begin = event["DTSTART"].dt
    local = datetime.combine(begin, time()) if not isinstance(begin, datetime) else begin.replace(tzinfo=None)
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        # Without its end: a rule that ended long ago is valid, one that never matches is a mistake.
        unbounded: Any = vRecur({name: part for name, part in rule.items() if name not in {"UNTIL", "COUNT"}})
        try:
            recurrence.parse(Kind.RRULE, unbounded.to_ical().decode(), "UTC", local)
        except UsageError as error:
            raise ValueError(error.message) from error
        hours = (end - _instant(begin, EARLIEST)) / 3600 + _MARGIN.days * 48
        if _density(rule) * hours > MAX_OCCURRENCES:
            raise ValueError(f"an event recurs too often: {rule.to_ical().decode()}")


def _density(rule: Any) -> float:
    """Give how often a rule may come due in an hour; infinite for minutely and secondly rules."""
    period = _HOURS.get(str(rule["FREQ"][0]).upper())
    if period is None:
        return math.inf
    within = math.prod(len(rule.get(part, [0])) for part in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    return within / (period * int(rule.get("INTERVAL", [1])[0]))
