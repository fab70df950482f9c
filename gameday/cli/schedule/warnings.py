"""What is kept on the calendar all the same, though some or all of it will be missed.

Comes in: a schedule as it was asked for. Goes out: warnings. Does not: refuse anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import pairwise

from gameday import wiring
from gameday.cli.shared import output, times
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Schedule
from gameday.core.policy import hours
from gameday.core.values import Instant, Seconds, format_duration
from gameday.formats.calendar import recurrence
from gameday.settings import Workspace

AHEAD = 500
"""How many occurrences are looked at."""
WEEK: Seconds = 7 * 86400.0
"""What repeats by hours and days of the week was seen whole behind it."""


def warn(schedule: Schedule, space: Workspace, first: Instant, now: Instant) -> None:
    """Warn of all that is certain to keep it, or its next ones, from starting."""
    coming = recurrence.next_ones(schedule.recurrence, first, AHEAD)
    for said in (*_calendars(schedule, space, now), *_approvals(schedule, first, now)):
        output.warn(said)
    for said in (*_distance(schedule, coming), *_hours(schedule, coming)):
        output.warn(said)


def _calendars(schedule: Schedule, space: Workspace, now: Instant) -> Iterator[str]:
    reader = wiring.calendars(space)
    for path in schedule.freezes:
        calendar = asyncio.run(reader.read(path, now, now))
        if calendar.error:
            yield f"{path} can't be read: {calendar.error}; until it can, nothing of this starts"


def _approvals(schedule: Schedule, first: Instant, now: Instant) -> Iterator[str]:
    limit = schedules.deadline(schedule, first)
    if schedule.approvals and limit < now:
        yield f"{times.local(first)} had to be approved by {times.local(limit)}: it will be missed"


def _distance(schedule: Schedule, coming: Sequence[Instant]) -> Iterator[str]:
    shortest = min((after - before for before, after in pairwise(coming)), default=None)
    if shortest is not None and schedule.distance >= shortest:
        apart, often = format_duration(schedule.distance), format_duration(shortest)
        yield (
            f"two of them can be {often} apart, but a drill starts no sooner than {apart} behind the last "
            "one there: what comes due between is missed (too-close)"
        )


def _hours(schedule: Schedule, coming: Sequence[Instant]) -> Iterator[str]:
    """Warn where no occurrence of a week, or of all, lies within the hours."""
    seen_whole = len(coming) < AHEAD or coming[-1] - coming[0] >= WEEK
    moments_of = (schedules.moment(schedule, at) for at in coming)
    if not schedule.hours or not seen_whole or any(hours.until(schedule.hours, at) for at in moments_of):
        return
    yield f"none of the next {len(coming)} lies within {'; '.join(schedule.hours)}: missed (outside-hours)"
