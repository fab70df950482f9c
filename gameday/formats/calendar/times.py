"""Times of a calendar's lines: what they may mean, and how long what begins at them lasts.

A time is local, in one zone or in each of several that may be meant: then it counts from first to last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from icalendar.prop import vDDDTypes

from gameday.core.values import Instant, instant
from gameday.formats.calendar.components import Line
from gameday.formats.calendar.time_zones import TimeZones

DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Time:
    """A local time, in each of the zones that may be meant. whole: a date, not a time of day."""

    local: datetime
    zones: tuple[tzinfo, ...]
    whole: bool = False

    @property
    def first(self) -> Instant:
        """The earliest instant that may be meant."""
        return min(at(self.local, zone) for zone in self.zones)

    @property
    def last(self) -> Instant:
        """The latest instant that may be meant."""
        return max(at(self.local, zone) for zone in self.zones)

    @property
    def name(self) -> tuple[bool, Instant, Instant]:
        """What an exception must equal to mean this occurrence."""
        return self.whole, self.first, self.last

    def moved(self, by: timedelta) -> Time:
        """Give the time that shows so much more on the same clocks."""
        return replace(self, local=self.local + by)


@dataclass(frozen=True, kw_only=True, slots=True)
class Length:
    """How long an occurrence lasts: by the clocks on the wall, and in hours that pass. The longer counts."""

    wall: timedelta
    exact: float

    def end(self, start: Time) -> Instant:
        """Give the latest end of an occurrence."""
        return instant(max(start.moved(self.wall).last, start.last + self.exact))


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """What times of a calendar mean. floating: the zones of times without one."""

    zones: TimeZones
    floating: tuple[tzinfo, ...]


def lasting(duration: timedelta) -> Length:
    """Give the length of a duration; of whole days the clocks on the wall decide."""
    return Length(wall=duration, exact=duration.total_seconds() if duration.seconds else 0.0)


def longest(*lengths: Length) -> Length:
    """Give the length that is as long as each of some; without any, none."""
    return Length(
        wall=max((length.wall for length in lengths), default=timedelta()),
        exact=max((length.exact for length in lengths), default=0.0),
    )


def read(text: str) -> date | timedelta | tuple[object, object]:
    """Read a value without its zone, which icalendar would look up by name for the whole process."""
    value = vDDDTypes.from_ical(text.strip().upper())  # type: ignore[no-untyped-call]
    assert isinstance(value, date | timedelta | tuple | time)
    if isinstance(value, time):
        raise ValueError(f"'{text[:30]}' is a time without a date")  # noqa: TRY004  # a value's form
    return value


def between(start: Time, end: Time) -> Length:
    """Give the length from a start to an end, which may be in another zone."""
    if end.whole and not start.whole:
        end = end.moved(DAY)  # a date after a time: whether the day is meant as well is unclear
    here = [datetime.fromtimestamp(end.last, zone).replace(tzinfo=None) for zone in start.zones]
    wall = max(here) - start.local if end.zones != start.zones else end.local - start.local
    return Length(wall=wall, exact=0.0 if start.whole and end.whole else end.last - start.last)


def one(line: Line, places: Places) -> Time:
    found = list(several(line, places))
    if len(found) != 1 or found[0][1] is not None:
        raise ValueError(f"{line.name}:{line.value[:40]} is not one time")
    return found[0][0]


def several(line: Line, places: Places) -> Iterator[tuple[Time, Length | None]]:
    """Give the times of a line; of a period its start and length. Raises ValueError."""
    for text in line.value.split(","):
        if not text.strip():
            continue
        match read(text):
            case (date() as begins, date() | timedelta() as ends):
                yield _period(_time(begins, line, places), ends, line, places)
            case date() as at:
                yield _time(at, line, places), None
            case _:
                raise ValueError(f"{line.name}:{text[:30]} is not a date or a time")


def _period(start: Time, ends: date | timedelta, line: Line, places: Places) -> tuple[Time, Length]:
    if isinstance(ends, timedelta):
        return start, lasting(ends)
    return start, between(start, _time(ends, line, places))


def _time(value: date, line: Line, places: Places) -> Time:
    named = line.parameters.get("TZID", "")
    zones = places.zones.named(named) if named else places.floating
    if not isinstance(value, datetime):
        return Time(local=datetime.combine(value, time()), zones=zones, whole=True)
    if value.tzinfo is not None:
        # In UTC and in a zone at the same time: either may be meant.
        zones = (UTC, *zones) if named else (UTC,)
    return Time(local=value.replace(tzinfo=None), zones=zones)


def at(local: datetime, zone: tzinfo) -> Instant:
    """Give the instant; fold=0 takes the offset before a gap, and the first of two times."""
    return instant(local.replace(tzinfo=zone, fold=0).timestamp())
