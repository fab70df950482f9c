"""The hours in which drills may run: `Mon-Fri 09:00-17:00 Europe/Berlin`.

Days are names or ranges with commas; left out: every day. The zone is an IANA name; left out: UTC.
A window that ends before it begins runs past midnight and belongs to the day on which it begins.
Holidays are not hours; they are freezes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gameday.core import zones
from gameday.core.values import Instant, instant

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_LINE = re.compile(
    r"(?:(?P<days>[A-Za-z]{3}(?:[-,][A-Za-z]{3})*) )?"
    r"(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d)(?: (?P<zone>[A-Za-z][A-Za-z0-9_+/-]*))?"
)
_MIDNIGHT = "24:00"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """One line of hours. Weekdays count from Monday, 0; `end` not after `start`: on the next day."""

    weekdays: frozenset[int]
    start: time
    end: time
    zone: ZoneInfo


def parse(line: str) -> Hours:
    """Read one line of hours. Raises ValueError with an example."""
    parts = _LINE.fullmatch(line)
    example = f"'{line}' can't be read; write Mon-Fri 09:00-17:00 Europe/Berlin"
    if parts is None:
        raise ValueError(example)
    try:
        end = time() if parts["end"] == _MIDNIGHT else time.fromisoformat(parts["end"])
        start = time.fromisoformat(parts["start"])
    except ValueError as error:
        raise ValueError(f"{example}: {error}") from error
    try:
        zone = zones.named(parts["zone"] or "UTC")
    except ValueError as error:
        raise ValueError(f"{example}: {error}") from error
    return Hours(weekdays=_weekdays(parts["days"], example), start=start, end=end, zone=zone)


def _weekdays(text: str | None, example: str) -> frozenset[int]:
    if text is None:
        return frozenset(range(7))
    weekdays: set[int] = set()
    for part in text.lower().split(","):
        ends = part.split("-")
        if len(ends) > 2 or not set(ends) <= set(DAYS):
            raise ValueError(example)
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        # Modulo 7: a range may cross the week's end, such as Sat-Mon.
        weekdays |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return frozenset(weekdays)


def until(lines: tuple[str, ...], at: Instant) -> Instant | None:
    """Give the end of the hours that `at` lies in, windows that touch taken as one; None: outside.

    Looks at most eight windows ahead. Raises ValueError for a line that can't be read.
    """
    hours = [parse(line) for line in lines]
    end: Instant | None = None
    # Windows around the clock would touch forever.
    for _ in range(8):
        reached = [
            stop for each in hours for start, stop in _windows(each, end or at) if start <= (end or at) < stop
        ]
        if not reached:
            break
        end = max(reached)
    return end


def _windows(hours: Hours, at: Instant) -> Iterator[tuple[Instant, Instant]]:
    """Give the windows that begin on the day of an instant or the day before, in the zone of the hours."""
    today = datetime.fromtimestamp(at, hours.zone).date()
    # The day before as well: its window may run past midnight.
    for day in (today - timedelta(days=1), today):
        if day.weekday() in hours.weekdays:
            last = day if hours.end > hours.start else day + timedelta(days=1)
            yield _local(day, hours.start, hours.zone), _local(last, hours.end, hours.zone)


def _local(day: date, clock: time, zone: ZoneInfo) -> Instant:
    return instant(datetime.combine(day, clock, zone).timestamp())
