"""The events of one UID -> when they occur: what rules and dates give, less what is excepted or moved away.

Only what is certain takes a time away: an EXDATE or RECURRENCE-ID removes the occurrence whose very time and
type it names. One that names a date of a timed event, or a time without a zone of an event in a zone, leaves
it. What adds or lengthens is read in the widest way: an end that is a date includes the day, one in an
unclear zone is the latest that it may be. EXRULE (RFC 2445) only takes away, and is not read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from dateutil.rrule import rrule, rrulestr

from gameday.core.errors import UsageError
from gameday.core.plans.schedule import Kind
from gameday.core.values import Instant
from gameday.formats.calendar import recurrence, times
from gameday.formats.calendar.components import Component, Line
from gameday.formats.calendar.times import Length, Places, Time

EARLIEST, LATEST = timedelta(hours=14), timedelta(hours=-12)
"""The offsets of the zones in which a local time comes first and last."""
MAX_OCCURRENCES = 50_000
"""Occurrences of one rule that are unrolled: a daily one since 1900, an hourly one for five years."""
_MARGIN = timedelta(days=2)
"""Wider than the earth's zones are apart, and than any change of clocks."""
_HOURS = {"YEARLY": 24, "MONTHLY": 24, "WEEKLY": 24, "DAILY": 24, "HOURLY": 1}
"""Hours within which a rule has at most one day, or one hour, of each BYHOUR, BYMINUTE, BYSECOND."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurrence:
    """One occurrence. start: its earliest instant; end: its latest."""

    start: Instant
    end: Instant
    summary: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """The period that is asked for."""

    start: Instant
    end: Instant


def occurrences(events: Sequence[Component], places: Places, asked: Period) -> Iterator[Occurrence]:
    """Give the occurrences that may touch a period, of events with one UID. Raises ValueError."""
    read = [_event(event, places) for event in events]
    series = [event for event in read if event.names is None]
    changes = [event for event in read if event.names is not None]
    later = [change for change in changes if change.and_later]
    if later and len(series) != 1:
        raise ValueError("RANGE=THISANDFUTURE belongs to no event of this calendar, or to several")
    # Two events with one UID: neither is known to be what is changed, so both stay as they are.
    alone = len(series) == 1
    if alone:
        changes = [
            replace(change, names=_like(change.names, series[0].start)) for change in changes if change.names
        ]
        later = [change for change in changes if change.and_later]
        _must_be_certain(later, series[0].start)
    taken = frozenset(change.names.name for change in changes if change.names and alone)
    for event in series:
        yield from _unrolled(event, asked, taken, later)
    for change in _newest(changes) if alone else changes:
        yield from _unrolled(change, asked, frozenset(), [])


def _must_be_certain(later: Sequence[_Event], start: Time) -> None:
    """Refuse a change of all that follows where it is unclear from when on."""
    for change in later:
        names = change.names
        if names and (
            names.whole != start.whole or (names.first != names.last and names.zones != start.zones)
        ):
            raise ValueError("RANGE=THISANDFUTURE names a time of another kind than the event's")


def busy(component: Component, places: Places) -> Iterator[Occurrence]:
    """Give the busy times of a VFREEBUSY. Raises ValueError."""
    for line in component.all("FREEBUSY"):
        if line.parameters.get("FBTYPE", "BUSY").upper() == "FREE":
            continue
        for start, length in times.several(line, places):
            yield _occurrence(start, length or times.longest(), "busy")


# --- one event ---


@dataclass(frozen=True, kw_only=True, slots=True)
class _Event:
    """One VEVENT. names: the occurrence that it changes; None: a series of its own."""

    start: Time
    length: Length
    rules: tuple[Line, ...]
    added: tuple[tuple[Time, Length], ...]
    excepted: frozenset[tuple[bool, Instant, Instant]]
    names: Time | None
    and_later: bool
    cancelled: bool
    number: int
    summary: str


def _event(event: Component, places: Places) -> _Event:
    line = event.one("DTSTART")
    if line is None:
        raise ValueError("an event has no DTSTART")
    start = times.one(line, places)
    length = _length(event, start, places)
    states = {line.text.upper() for line in event.all("STATUS")}
    names = event.one("RECURRENCE-ID")
    reach = names.parameters.get("RANGE", "").upper() if names else ""
    if reach not in {"", "THISANDFUTURE"}:
        raise ValueError(f"RECURRENCE-ID has RANGE={reach}, which can't be read")
    return _Event(
        start=start,
        length=length,
        rules=tuple(event.all("RRULE")),
        added=tuple(_added(event, length, start, places)),
        excepted=frozenset(
            _like(time, start).name for line in event.all("EXDATE") for time, _ in times.several(line, places)
        ),
        names=times.one(names, places) if names else None,
        and_later=bool(reach),
        cancelled=states == {"CANCELLED"},
        number=_number(event),
        summary=" ".join(line.text for line in event.all("SUMMARY")),
    )


def _like(named: Time, start: Time) -> Time:
    """Give a day for its midnight in a zone, where the event lasts whole days: so Exchange names its days."""
    if start.whole and named.zones != (UTC,) and named.local.time() == time():
        return Time(local=named.local, zones=start.zones, whole=True)
    return named


def _number(event: Component) -> int:
    text = event.text("SEQUENCE")
    return int(text) if re.fullmatch(r"\d{1,9}", text) else 0


def _newest(changes: Sequence[_Event]) -> list[_Event]:
    """Give the changes of each occurrence with the highest SEQUENCE; several may have it."""
    newest: dict[object, int] = {}
    for change in changes:
        if change.names:
            newest[change.names.name] = max(change.number, newest.get(change.names.name, 0))
    return [change for change in changes if change.names and change.number == newest[change.names.name]]


def _length(event: Component, start: Time, places: Places) -> Length:
    """Read DTEND or DURATION; of both, and of an end before the start, the widest reading."""
    lengths = [times.lasting(times.DAY)] if start.whole else []
    ends, lasts = event.one("DTEND"), event.one("DURATION")
    if ends:
        lengths.append(times.between(start, times.one(ends, places)))
    if lasts:
        duration = times.read(lasts.value)
        if not isinstance(duration, timedelta):
            raise ValueError(f"'{lasts.value[:30]}' is not a duration")
        lengths.append(times.lasting(duration))
    return times.longest(*lengths)


def _added(event: Component, length: Length, start: Time, places: Places) -> Iterator[tuple[Time, Length]]:
    for line in event.all("RDATE"):
        for at, own in times.several(line, places):
            if own is not None:
                yield at, own
            elif at.whole and not start.whole:
                # A date added to a timed event: the whole day, and its time on that day.
                clock = start.local - datetime.combine(start.local, time())
                yield (
                    at,
                    Length(
                        wall=max(times.DAY, clock + length.wall), exact=clock.total_seconds() + length.exact
                    ),
                )
            else:
                yield at, length


# --- unrolling ---


def _unrolled(
    event: _Event, asked: Period, taken: frozenset[tuple[bool, Instant, Instant]], later: Sequence[_Event]
) -> Iterator[Occurrence]:
    """Give the occurrences of an event that may touch a period, but for those that are excepted or taken."""
    if event.cancelled:
        return
    for start, length in _starts(event, asked, later):
        if start.name not in event.excepted and start.name not in taken:
            yield from _moved(start, length, event, later)


def _moved(start: Time, length: Length, event: _Event, later: Sequence[_Event]) -> Iterator[Occurrence]:
    """Give an occurrence where the last change before it has moved it; none where that has cancelled it."""
    before = [change for change in later if change.names and change.names.first <= start.first]
    change = max(
        before, key=lambda each: (each.names.first if each.names else 0.0, each.number), default=None
    )
    if change is None or change.names is None:
        yield _occurrence(start, length, event.summary)
    elif not change.cancelled:
        moved = start.moved(change.start.local - _in_zone_of(change.names, change.start))
        own = [] if length == event.length else [length]  # of an added period
        yield _occurrence(moved, times.longest(change.length, *own), change.summary or event.summary)


def _in_zone_of(time: Time, other: Time) -> datetime:
    """Give a time on the clocks of another one."""
    if time.zones == other.zones:
        return time.local
    return datetime.fromtimestamp(time.first, other.zones[0]).replace(tzinfo=None)


def _occurrence(start: Time, length: Length, summary: str) -> Occurrence:
    # An end before the start is a mistake: both count.
    begins, ends = start.first, length.end(start)
    turned = start.moved(min(length.wall, timedelta())).first
    return Occurrence(start=min(begins, turned), end=max(ends, start.last), summary=summary)


def _starts(event: _Event, asked: Period, later: Sequence[_Event]) -> Iterator[tuple[Time, Length]]:
    """Give DTSTART, what is added, and what rules give, as far as that may touch the period."""
    shift = max((_shift(change) for change in later), default=timedelta())
    longest = max(_span(length) for length in [event.length, *(change.length for change in later)])
    yield event.start, event.length
    yield from event.added
    for line in event.rules:
        for local in _ruled(line, event.start, asked, _MARGIN + shift + longest):
            yield replace(event.start, local=local), event.length


def _shift(change: _Event) -> timedelta:
    return abs(change.start.local - change.names.local) + _MARGIN if change.names else timedelta()


def _span(length: Length) -> timedelta:
    return max(abs(length.wall), timedelta(seconds=abs(length.exact)))


def _ruled(line: Line, start: Time, asked: Period, around: timedelta) -> list[datetime]:
    """Give the local times of a rule around a period. Raises ValueError for a rule that can't be read."""
    parts = recurrence.parts(line.value)
    if start.whole:
        # RFC 5545: to be ignored where DTSTART is a date.
        parts = {
            name: value for name, value in parts.items() if name not in {"BYHOUR", "BYMINUTE", "BYSECOND"}
        }
    if parts.get("COUNT", "").startswith("-"):
        del parts["COUNT"]  # some programs write -1 for "without end"
    recurrence.must_be_lawful(";".join(f"{name}={value}" for name, value in parts.items()))
    until = parts.pop("UNTIL", None)
    ends = _until(until, start) if until else None
    _must_end(parts, start, min(asked.end, times.at(ends, UTC)) if ends else asked.end, line)
    rule = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=start.local)
    assert isinstance(rule, rrule)
    if ends is not None:
        rule = rule.replace(until=ends)
    low, high = (datetime.fromtimestamp(at, UTC).replace(tzinfo=None) for at in (asked.start, asked.end))
    return rule.between(low - around, high + around, inc=True)


def _until(text: str, start: Time) -> datetime:
    """Give the end of a rule on the clocks of its start: the latest that may be meant."""
    value = times.read(text)
    if not isinstance(value, date):
        raise ValueError(f"UNTIL={text[:30]} is not a date or a time")  # noqa: TRY004  # a value's form
    if not isinstance(value, datetime):
        return datetime.combine(value, time.max)
    wall = value.replace(tzinfo=None)
    # A local time is not allowed next to a zone: some write it, and mean either the zone's or UTC.
    in_utc = [datetime.fromtimestamp(times.at(wall, UTC), zone).replace(tzinfo=None) for zone in start.zones]
    certain = value.tzinfo is not None and not start.whole
    return max(in_utc if certain else [*in_utc, wall])


def _must_end(parts: dict[str, str], start: Time, end: Instant, line: Line) -> None:
    """Refuse a rule that never matches, and one with too many occurrences to unroll."""
    # Without its end: a rule that ended long ago is valid, one that never matches is a mistake.
    unbounded = ";".join(f"{name}={value}" for name, value in parts.items() if name != "COUNT")
    try:
        recurrence.parse(Kind.RRULE, unbounded, "UTC", start.local)
    except UsageError as error:
        raise ValueError(error.message) from error
    hours = max(0.0, end - start.first) / 3600 + _MARGIN.days * 48
    count = min(_density(parts) * hours, int(parts.get("COUNT", MAX_OCCURRENCES + 1)))
    if count > MAX_OCCURRENCES:
        raise ValueError(f"an event recurs too often: {line.value[:80]}")


def _density(parts: dict[str, str]) -> float:
    """Give how often a rule may come due in an hour; infinite for minutely and secondly rules."""
    period = _HOURS.get(parts.get("FREQ", ""))
    if period is None:
        return math.inf
    within = math.prod(parts.get(name, "").count(",") + 1 for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    return within / (period * int(parts.get("INTERVAL", "1")))
