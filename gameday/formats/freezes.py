"""Freeze calendars: an iCalendar file -> the times within a period in which no drill may run.

Comes in: the file's bytes, a period. Goes out: each event that touches the period, recurrences
unrolled. Does not: guess; whatever it can't read raises ValueError, and the policy then refuses.

Times without a zone, and whole days, count in the calendar's X-WR-TIMEZONE; without one, from the
first place on earth where they begin to the last where they end. A cancelled event is none.

Format: RFC 5545. Read: DTSTART, DTEND, DURATION, RRULE, RDATE, EXDATE, SUMMARY, STATUS. RDATE
periods and RECURRENCE-ID (a moved occurrence) are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rruleset, rrulestr

from gameday.core.policy import Freeze
from gameday.core.values import Instant, instant

EARLIEST, LATEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
"""The zones in which a local time comes first and last."""
MOST = 10_000
"""Occurrences of one event that are looked at."""

_LINE = re.compile(
    r"(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(?P<value>.*)"
)
_DATE = re.compile(r"\d{8}")
_TIME = re.compile(r"(\d{8}T\d{6})(Z?)")
_DURATION = re.compile(r"\+?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One content line, unfolded."""

    name: str
    parameters: Mapping[str, str]
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A local time and how it counts. zone None: in every zone; `whole`: a day without a time."""

    local: datetime
    zone: tzinfo | None
    whole: bool

    def at(self, local: datetime, *, last: bool = False) -> Instant:
        """Give the instant of a local time in this one's zone; in every zone, the first or the last."""
        zone = self.zone or (LATEST if last else EARLIEST)
        return instant(local.replace(tzinfo=zone).timestamp())


def parse(content: bytes, start: Instant, end: Instant) -> tuple[Freeze, ...]:
    """Give the freezes that touch a period. Raises ValueError for what is no calendar."""
    lines = _lines(content)
    if not lines or lines[0].name != "BEGIN" or lines[-1].name != "END" or lines[0].value != "VCALENDAR":
        raise ValueError("it does not begin and end as a calendar (BEGIN:VCALENDAR, END:VCALENDAR)")
    named = next((line.value for line in lines if line.name == "X-WR-TIMEZONE"), "")
    zone = _zone(named) if named else None
    found = [freeze for event in _events(lines) for freeze in _freezes(event, zone, start, end)]
    return tuple(sorted(found, key=lambda freeze: (freeze.start, freeze.end, freeze.summary)))


def _lines(content: bytes) -> list[Line]:
    """Unfold and split the content lines."""
    text = content.decode("utf-8-sig")
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    return [_line(each) for each in re.split(r"\r?\n", unfolded) if each]


def _line(text: str) -> Line:
    parts = _LINE.fullmatch(text)
    if parts is None:
        raise ValueError(f"'{text[:40]}' is not a content line")
    pairs = [pair.partition("=") for pair in parts["parameters"].split(";")[1:]]
    parameters = {name.upper(): value.strip('"') for name, _, value in pairs}
    return Line(name=parts["name"].upper(), parameters=parameters, value=parts["value"])


def _events(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Give the own lines of each VEVENT; what is nested within it, such as an alarm, is left out."""
    open_: list[str] = []
    event: list[Line] = []
    for line in lines:
        if line.name == "BEGIN":
            open_.append(line.value.upper())
            event = [] if open_[-1] == "VEVENT" else event
        elif line.name == "END":
            if not open_ or open_.pop() != line.value.upper():
                raise ValueError(f"END:{line.value} ends nothing that was begun")
            if line.value.upper() == "VEVENT":
                yield event
        elif open_ and open_[-1] == "VEVENT":
            event.append(line)
    if open_:
        raise ValueError(f"{open_[-1]} does not end: the file was cut")


def _freezes(lines: Sequence[Line], zone: tzinfo | None, start: Instant, end: Instant) -> Iterator[Freeze]:
    """Unroll one event within a period."""
    by_name = {line.name: line for line in lines}
    if by_name.get("STATUS", _EMPTY).value.upper() == "CANCELLED":
        return
    if "RECURRENCE-ID" in by_name or "DTSTART" not in by_name:
        raise ValueError("an event has no DTSTART, or is one moved occurrence of another")
    first = _moment(by_name["DTSTART"], zone)
    length, last = _length(first, by_name, zone)
    for begin in _occurrences(first, lines, zone, start - length.total_seconds(), end):
        freeze = Freeze(
            summary=by_name.get("SUMMARY", _EMPTY).value or "freeze",
            start=first.at(begin),
            end=last.at(begin + length, last=True),
        )
        if freeze.start <= end and start < freeze.end:
            yield freeze


_EMPTY = Line(name="", parameters={}, value="")


def _moment(line: Line, zone: tzinfo | None) -> Moment:
    """Read a date or a date-time."""
    if _DATE.fullmatch(line.value):
        local = datetime.combine(_day(line.value), time())
        return Moment(local=local, zone=zone, whole=True)
    parts = _TIME.fullmatch(line.value)
    if parts is None:
        raise ValueError(f"'{line.value}' is not a date or time")
    local = datetime.strptime(parts[1], "%Y%m%dT%H%M%S")  # noqa: DTZ007  # its zone comes next
    if parts[2]:
        return Moment(local=local, zone=UTC, whole=False)
    named = line.parameters.get("TZID")
    return Moment(local=local, zone=_zone(named) if named else zone, whole=False)


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError) as wrong:
        raise ValueError(f"the zone '{name}' is not known") from wrong


def _length(first: Moment, lines: Mapping[str, Line], zone: tzinfo | None) -> tuple[timedelta, Moment]:
    """Give how long an event lasts, in its local time, and the moment in whose zone it ends."""
    if "DTEND" in lines:
        last = _moment(lines["DTEND"], zone)
        if last.zone != first.zone:  # as far apart as they are at the first occurrence
            span = last.at(last.local) - first.at(first.local)
            return timedelta(seconds=span), first
        return last.local - first.local, last
    if "DURATION" in lines:
        return _duration(lines["DURATION"].value), first
    return timedelta(days=1 if first.whole else 0), first


def _duration(text: str) -> timedelta:
    parts = _DURATION.fullmatch(text)
    if parts is None or not any(parts.groups()):
        raise ValueError(f"'{text}' is not a duration")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _occurrences(
    first: Moment, lines: Sequence[Line], zone: tzinfo | None, start: float, end: float
) -> Iterator[datetime]:
    """Give the local times at which an event begins, from a day before the period to a day after."""
    rules = _rules(first, lines, zone)
    low, high = (datetime.fromtimestamp(at, UTC).replace(tzinfo=None) for at in (start, end))
    for count, begin in enumerate(rules):
        if count > MOST:
            raise ValueError("an event recurs too often")
        if begin > high + timedelta(days=1):
            return
        if begin >= low - timedelta(days=1):
            yield begin


def _rules(first: Moment, lines: Sequence[Line], zone: tzinfo | None) -> rruleset:
    """Gather the first occurrence, the rules, and the occurrences that are added and taken out."""
    rules = rruleset()
    rules.rdate(first.local)
    for line in lines:
        if line.name == "RRULE":
            rules.rrule(_rule(line.value, first))
        elif line.name in {"RDATE", "EXDATE"}:
            add = rules.rdate if line.name == "RDATE" else rules.exdate
            for value in line.value.split(","):
                moment = _moment(Line(name=line.name, parameters=line.parameters, value=value), zone)
                add(_in_zone(moment, first))
    return rules


def _in_zone(moment: Moment, first: Moment) -> datetime:
    """Give a moment in the local time of an event's beginning."""
    if moment.zone is None or first.zone is None or moment.zone == first.zone:
        return moment.local
    return moment.local.replace(tzinfo=moment.zone).astimezone(first.zone).replace(tzinfo=None)


def _rule(text: str, first: Moment) -> rrule:
    """Read a recurrence rule, in naive local time: an hour stays the same hour over a change of clocks."""
    local = re.sub(r"UNTIL=(\d{8}T\d{6})Z", lambda found: f"UNTIL={_until(found[1], first)}", text)
    rule = rrulestr(local, dtstart=first.local)
    if not isinstance(rule, rrule):
        raise ValueError(f"'{text}' is not a recurrence rule")  # noqa: TRY004  # one kind of mistake
    return rule


def _until(utc: str, first: Moment) -> str:
    moment = datetime.strptime(utc, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return moment.astimezone(first.zone or LATEST).strftime("%Y%m%dT%H%M%S")
