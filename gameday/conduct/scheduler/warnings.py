"""Finds occurrences of an admitted schedule that are certain to be missed. It is stored all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import pairwise

from gameday import ports
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Schedule
from gameday.core.policy import hours
from gameday.core.values import Instant, Seconds, format_duration
from gameday.formats.calendar import recurrence

OCCURRENCES = 500
"""How many occurrences are examined."""
WEEK: Seconds = 7 * 86400.0
"""Hours and days of the week repeat after it: what none of a week's occurrences meets, none ever does."""


async def find(
    row: ports.ScheduleRow,
    calendars: ports.Calendars,
    *,
    now: Instant,
    format_time: Callable[[Instant], str],
) -> tuple[str, ...]:
    """Give a warning for everything that keeps a schedule, or its next occurrences, from starting.

    format_time: writes an instant for whoever reads the warnings.
    """
    schedule, first = row.schedule, row.position.occurrence
    if first is None:
        return ()
    coming = recurrence.next_ones(schedule.recurrence, first, OCCURRENCES)
    return (
        *[warning async for warning in _calendars(schedule, calendars, now)],
        *_approvals(schedule, first, now, format_time),
        *_distance(schedule, coming),
        *_hours(schedule, coming),
    )


async def _calendars(schedule: Schedule, calendars: ports.Calendars, now: Instant) -> AsyncIterator[str]:
    for path in schedule.freezes:
        calendar = await calendars.read(path, now, now)
        if calendar.error:
            yield f"{path} can't be read: {calendar.error}; until it can, this schedule starts nothing"


def _approvals(
    schedule: Schedule, first: Instant, now: Instant, format_time: Callable[[Instant], str]
) -> Iterator[str]:
    limit = schedules.deadline(schedule, first)
    if schedule.approvals and limit < now:
        yield f"{format_time(first)} had to be approved by {format_time(limit)}: it will be missed"


def _distance(schedule: Schedule, coming: Sequence[Instant]) -> Iterator[str]:
    shortest = min((after - before for before, after in pairwise(coming)), default=None)
    if shortest is not None and schedule.distance >= shortest:
        required, actual = format_duration(schedule.distance), format_duration(shortest)
        yield (
            f"two occurrences can be {actual} apart, but a drill starts no sooner than {required} after the "
            "last one on the environment: what comes due in between is missed (too-close)"
        )


def _hours(schedule: Schedule, coming: Sequence[Instant]) -> Iterator[str]:
    """Warn where no occurrence of a week, or of all, lies within the hours."""
    whole_week = len(coming) < OCCURRENCES or coming[-1] - coming[0] >= WEEK
    moments = (schedules.moment(schedule, at) for at in coming)
    if not schedule.hours or not whole_week or any(hours.until(schedule.hours, at) for at in moments):
        return
    yield (
        f"none of the next {len(coming)} occurrences lies within {'; '.join(schedule.hours)}: "
        "they are missed (outside-hours)"
    )
