"""The occurrences to come of all schedules, for the terminal and for calendars.

Participants see no more than the window: neither the scenario, nor the schedule's id, which often names it,
nor the moment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice, takewhile

from gameday.conduct.scheduler import loop
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Schedule
from gameday.core.values import Instant
from gameday.formats.calendar import recurrence
from gameday.formats.calendar.feed import Entry
from gameday.ports import ScheduleRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """One occurrence to come. start, end: its window, and how long people should keep free."""

    schedule: Schedule
    occurrence: Instant
    start: Instant
    end: Instant
    paused: bool = False

    @property
    def moment(self) -> Instant:
        """When the drill starts; for facilitators and observers only."""
        return schedules.moment(self.schedule, self.occurrence)


def slots(rows: Iterable[ScheduleRow], until: Instant, *, most: int = 10_000) -> tuple[Slot, ...]:
    """Give the occurrences to come that begin by `until`, in order."""
    coming = (_slots(row, until) for row in rows)
    # Merged lazily: a rule without an end has as many occurrences as one asks for.
    return tuple(islice(merge(*coming, key=lambda slot: (slot.start, slot.schedule.schedule)), most))


def _slots(row: ScheduleRow, until: Instant) -> Iterator[Slot]:
    first = row.position.occurrence
    if first is None:
        return
    for at in takewhile(lambda at: at <= until, recurrence.occurrences(row.schedule.recurrence, first)):
        window = loop.notice_of(row.schedule, at)
        yield Slot(
            schedule=row.schedule, occurrence=at, start=window.start, end=window.end, paused=row.paused
        )


def visible(slots: Iterable[Slot], *, reveal: bool) -> tuple[Slot, ...]:
    """Leave out what is not announced. reveal: for facilitators and observers, who see everything."""
    return tuple(slot for slot in slots if reveal or slot.schedule.announcement != "none")


def entry(slot: Slot, *, reveal: bool) -> Entry:
    """Make the entry of a slot in a feed. reveal: for facilitators and observers."""
    schedule = slot.schedule
    title, text = summary_for(schedule, reveal=reveal)
    return Entry(
        uid=f"{_hidden(slot)}@gameday",
        start=slot.moment if reveal else slot.start,
        end=slot.end,
        summary=f"{title} ({schedule.environment})",
        changed=schedule.since,
        description=text,
        categories=("gameday",),
    )


def summary_for(schedule: Schedule, *, reveal: bool) -> tuple[str, str]:
    """Give the title and the text of a schedule in a calendar."""
    if reveal:
        return schedule.title or schedule.scenario, f"{schedule.scenario}, schedule {schedule.schedule}"
    if schedule.announcement == "full":
        return schedule.title, schedule.description
    if schedule.attended:
        return "Game day", "Game day"
    title = "Game day" if schedule.game_day else "Drill"
    return title, f"A {title.lower()} may begin at any moment of this window."


def _hidden(slot: Slot) -> str:
    """Give a slot a permanent id that does not reveal the schedule's, which often names the scenario."""
    named = f"{slot.schedule.seed}/{slot.schedule.schedule}/{slot.occurrence:.0f}/uid"
    return hashlib.sha256(named.encode()).hexdigest()[:32]
