"""Freeze calendars: an iCalendar file -> the times within a period in which no drill may run.

Comes in: the file's bytes, a period. Goes out: each event that touches the period, recurrences
unrolled, exceptions, additions and moved occurrences in their places (icalendar reads, RFC 5545;
recurring-ical-events unrolls). Does not: guess; whatever can't be read raises ValueError, and nothing
starts then.

What is ours: times without a zone, and whole days, count in the calendar's X-WR-TIMEZONE; without one,
from the first place on earth where they begin to the last where they end. A cancelled event or
occurrence is none. The libraries forgive: they pass over what they can't read, take an unknown zone for
none, keep one of two events with the same UID, and unroll a rule for as long as it takes. Each of these
is refused before they are asked.
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
MOST = 50_000
"""Occurrences of one rule that are looked at: a daily one since 1900, an hourly one for five years."""
_MARGIN = timedelta(days=2)
"""Wider than the earth's zones are apart."""
_HOURS = {"YEARLY": 24, "MONTHLY": 24, "WEEKLY": 24, "DAILY": 24, "HOURLY": 1}
"""Hours within which a rule has at most one day, or one hour, of each BYHOUR, BYMINUTE, BYSECOND."""
_DATED = ("DTSTART", "DTEND", "RDATE", "EXDATE", "RECURRENCE-ID")
_CONFUSED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError)
"""What the libraries raise, beside ValueError, for what nobody would write."""


def parse(content: bytes, start: Instant, end: Instant) -> tuple[Freeze, ...]:
    """Give the freezes that touch a period. Raises ValueError for what can't be read."""
    try:
        found = sorted(_parse(content, start, end), key=lambda each: (each.start, each.end, each.summary))
    except _CONFUSED as wrong:
        raise ValueError(f"it is no calendar that can be read: {wrong}") from wrong
    return tuple(found)


def _parse(content: bytes, start: Instant, end: Instant) -> Iterator[Freeze]:
    try:
        calendar = icalendar.Calendar.from_ical(content.decode("utf-8-sig"))
    except ValueError as wrong:  # the library's own words may hold the whole file
        raise ValueError(f"it is no whole calendar: {str(wrong)[:120]}") from wrong
    if not isinstance(calendar, icalendar.Calendar):
        raise ValueError("it does not begin and end as a calendar (BEGIN:VCALENDAR, END:VCALENDAR)")  # noqa: TRY004  # one kind of mistake
    _must_be_whole(calendar, end)
    zone = _zone_of(calendar)
    low, high = (datetime.fromtimestamp(at, UTC) for at in (start, end))
    for event in recurring_ical_events.of(calendar).between(low - _MARGIN, high + _MARGIN):
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
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
    except (ValueError, OSError, LookupError) as wrong:
        raise ValueError(f"the zone '{name}' is not known") from wrong


# --- what the libraries would pass over ---


def _must_be_whole(calendar: icalendar.Calendar, end: Instant) -> None:
    """Refuse what would be left out, or would take for ever."""
    events: list[Any] = list(calendar.walk("VEVENT"))
    for event in events:
        for name, mistake in event.errors:
            raise ValueError(f"{name or 'a line'} of an event can't be read: {mistake}")
        _must_have_times(event)
        _must_end(event, end)
    series = Counter(str(each["UID"]) for each in events if "UID" in each and "RECURRENCE-ID" not in each)
    for uid, times in series.items():
        if times > 1:
            raise ValueError(f"{times} events have the UID '{uid}', and only one of them would count")
    for event in events:
        if "RECURRENCE-ID" in event and str(event.get("UID", "")) not in series:
            raise ValueError("a moved occurrence belongs to no event of this calendar")


def _must_have_times(event: Any) -> None:
    """Refuse an event without a beginning, and a time whose zone nobody knows."""
    if not isinstance(event.get("DTSTART"), icalendar.vDDDTypes):
        raise ValueError("an event has no DTSTART, or several")  # noqa: TRY004  # one kind of mistake
    for name in _DATED:
        for value in _each(event, name):
            named = value.params.get("TZID")
            if named and any(_floats(at) for at in _times(value)):
                raise ValueError(f"the zone '{named}' is not known")


def _each(event: Any, name: str) -> list[Any]:
    """Give the lines of a name; there may be none, one or several."""
    found = event.get(name, [])
    return found if isinstance(found, list) else [found]


def _times(value: Any) -> list[object]:
    return [one.dt for one in value.dts] if isinstance(value, icalendar.prop.vDDDLists) else [value.dt]


def _floats(at: object) -> bool:
    """Tell whether a time has no zone; of a period, its beginning; a whole day needs none."""
    first = at[0] if isinstance(at, tuple) else at
    return isinstance(first, datetime) and first.tzinfo is None


def _must_end(event: Any, end: Instant) -> None:
    """Refuse rules that never match, and those whose occurrences are too many to look at."""
    begin = event["DTSTART"].dt
    local = datetime.combine(begin, time()) if not isinstance(begin, datetime) else begin.replace(tzinfo=None)
    found = event.get("RRULE", [])
    for rule in found if isinstance(found, list) else [found]:
        unbounded: Any = vRecur({name: part for name, part in rule.items() if name not in {"UNTIL", "COUNT"}})
        try:
            recurrence.parse(Kind.RRULE, unbounded.to_ical().decode(), "UTC", local)
        except UsageError as wrong:
            raise ValueError(wrong.message) from wrong
        hours = (end - _instant(begin, EARLIEST)) / 3600 + _MARGIN.days * 48
        if _density(rule) * hours > MOST:
            raise ValueError(f"an event recurs too often: {rule.to_ical().decode()}")


def _density(rule: Any) -> float:
    """Give how often a rule may come due in an hour; infinite for every minute and every second."""
    period = _HOURS.get(str(rule["FREQ"][0]).upper())
    if period is None:
        return math.inf
    within = math.prod(len(rule.get(part, [0])) for part in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    return within / (period * int(rule.get("INTERVAL", [1])[0]))
