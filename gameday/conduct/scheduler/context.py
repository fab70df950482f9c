"""What one daemon works with, and the conditions that it gathers when an occurrence comes due.

`core.plans.schedule` decides by them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from gameday import ports
from gameday.conduct import store_reads
from gameday.core import exposure
from gameday.core.errors import NotReady
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Conditions, Schedule, Wait
from gameday.core.policy import Calendar
from gameday.core.values import Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentTimes:
    """When an environment's own policy allows drills, in addition to each schedule's own rules."""

    hours: tuple[str, ...] = ()
    freezes: tuple[str, ...] = ()


class NoNotices:
    """`ports.Notices` of a host that notifies nobody: the daemon that claimed the drill has done it."""

    def send(self, notice: ports.Notice) -> None:
        """Do nothing."""


def _at_any_time(_environment: str) -> EnvironmentTimes:
    return EnvironmentTimes()


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulerContext:
    """What one daemon works with.

    holder    its name, which no other daemon ever has
    times_of  gives the times of an environment by its name
    report    receives messages for people
    """

    clock: ports.Clock
    schedules: ports.ScheduleStore
    history: ports.HistoryStore
    starter: ports.Starter
    incidents: ports.Incidents
    calendars: ports.Calendars
    notices: ports.Notices
    holder: str
    times_of: Callable[[str], EnvironmentTimes] = _at_any_time
    report: Callable[[str], None] = field(default=lambda _text: None)


async def gather_conditions(
    context: SchedulerContext, row: ports.ScheduleRow, occurrence: Instant, waited: Wait | None
) -> Conditions:
    """Gather the conditions when an occurrence has come due. Raises StoreUnavailable.

    Calendars and the alert source are asked only if nothing in the store prevents the start: they are slow.
    """
    schedule = row.schedule
    times = context.times_of(schedule.environment)
    exposed, opened = _drills(context, schedule.environment)
    stored = Conditions(
        now=context.clock.now(),
        paused=row.paused,
        approvals=context.schedules.approvals(schedule.schedule, occurrence) if schedule.approvals else (),
        hours=(schedule.hours, times.hours),
        exposed=exposed,
        open=opened,
        last_ended=_last_ended(context, schedule) if schedule.distance > 0 else None,
        waited=waited,
    )
    if not isinstance(schedules.decide(schedule, occurrence, stored), schedules.Start):
        return stored
    paths = dict.fromkeys((*schedule.freezes, *times.freezes))
    # Both at once: each may take as long as its time-out.
    calendars, (incidents, unanswered) = await asyncio.gather(
        _calendars(context, tuple(paths), stored.now),
        _incidents(context, schedule.environment),
    )
    return replace(stored, calendars=calendars, incidents=incidents, unanswered=unanswered)


def _drills(context: SchedulerContext, environment: str) -> tuple[list[str], list[str]]:
    """Give what is open there: drills with a fault that may be in force; other drills and game days."""
    live = [row.drill for row in context.history.live() if row.environment == environment]
    exposed = [drill for drill in live if exposure.in_doubt(store_reads.read(context.history, drill))]
    others = [drill for drill in live if drill not in exposed]
    return list(exposed), [*others, *open_game_days(context.history, environment)]


def open_game_days(history: ports.HistoryStore, environment: str) -> list[str]:
    """Name the game days that are open on an environment: between two drills nothing else starts there."""
    return [row.drill for row in history.game_days() if row.environment == environment and row.closed is None]


def _last_ended(context: SchedulerContext, schedule: Schedule) -> Instant | None:
    drills = context.history.drills()
    closed = [row.closed for row in drills if row.environment == schedule.environment]
    return max((at for at in closed if at is not None), default=None)


async def _calendars(context: SchedulerContext, paths: Sequence[str], now: Instant) -> tuple[Calendar, ...]:
    return tuple(await asyncio.gather(*(context.calendars.read(path, now, now) for path in paths)))


async def _incidents(context: SchedulerContext, environment: str) -> tuple[Sequence[str], str]:
    try:
        return await context.incidents.ongoing(environment), ""
    except NotReady as error:
        return (), error.message
