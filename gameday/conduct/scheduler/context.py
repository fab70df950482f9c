"""The office: what scheduling works with, and what it sees when an occurrence comes due.

Comes in: ports, built by `wiring` or by a test. Goes out: `core.plans.schedule.Seen`. Does not: decide.
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
    """What an environment's own policy says of times, beside each schedule's own."""

    hours: tuple[str, ...] = ()
    freezes: tuple[str, ...] = ()


class NoNotices:
    """`ports.Notices` of a host that tells nobody: the daemon that claimed has told them."""

    def tell(self, notice: ports.Notice) -> None:
        """Tell nobody."""


def _anywhere(_environment: str) -> EnvironmentTimes:
    return EnvironmentTimes()


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulerContext:
    """What one daemon works with. holder: its name, which no other daemon has, ever."""

    clock: ports.Clock
    schedules: ports.ScheduleStore
    history: ports.HistoryStore
    starter: ports.Starter
    incidents: ports.Incidents
    calendars: ports.Calendars
    notices: ports.Notices
    holder: str
    place: Callable[[str], EnvironmentTimes] = _anywhere
    say: Callable[[str], None] = field(default=lambda _text: None)


async def gather_conditions(
    scheduler_context: SchedulerContext, row: ports.ScheduleRow, occurrence: Instant, waited: Wait | None
) -> Conditions:
    """Gather what stands when an occurrence has come due. Raises StoreUnavailable.

    Other systems are asked only where nothing nearer is in the way: calendars and the alert source.
    """
    schedule = row.schedule
    place = scheduler_context.place(schedule.environment)
    exposed, opened = _drills(scheduler_context, schedule.environment)
    near = Conditions(
        now=scheduler_context.clock.now(),
        paused=row.paused,
        approvals=scheduler_context.schedules.approvals(schedule.schedule, occurrence)
        if schedule.approvals
        else (),
        hours=(schedule.hours, place.hours),
        exposed=exposed,
        open=opened,
        last_ended=_last_ended(scheduler_context, schedule) if schedule.distance > 0 else None,
        waited=waited,
    )
    if not isinstance(schedules.decide(schedule, occurrence, near), schedules.Start):
        return near
    paths = dict.fromkeys((*schedule.freezes, *place.freezes))
    calendars, (incidents, unanswered) = await asyncio.gather(
        _calendars(scheduler_context, tuple(paths), near.now),
        _incidents(scheduler_context, schedule.environment),
    )
    return replace(near, calendars=calendars, incidents=incidents, unanswered=unanswered)


def _drills(scheduler_context: SchedulerContext, environment: str) -> tuple[list[str], list[str]]:
    """Give what is open there: drills with a fault that may be in force; other drills, and game days."""
    live = [row.drill for row in scheduler_context.history.live() if row.environment == environment]
    exposed = [
        drill for drill in live if exposure.open_faults(store_reads.read(scheduler_context.history, drill))
    ]
    others = [drill for drill in live if drill not in exposed]
    return list(exposed), [*others, *open_game_days(scheduler_context.history, environment)]


def open_game_days(history: ports.HistoryStore, environment: str) -> list[str]:
    """Name the game days that are open on an environment: between two drills nothing else starts there."""
    return [row.drill for row in history.game_days() if row.environment == environment and row.closed is None]


def _last_ended(scheduler_context: SchedulerContext, schedule: Schedule) -> Instant | None:
    drills = scheduler_context.history.drills()
    closed = [row.closed for row in drills if row.environment == schedule.environment]
    return max((at for at in closed if at is not None), default=None)


async def _calendars(
    scheduler_context: SchedulerContext, paths: Sequence[str], now: Instant
) -> tuple[Calendar, ...]:
    return tuple(await asyncio.gather(*(scheduler_context.calendars.read(path, now, now) for path in paths)))


async def _incidents(scheduler_context: SchedulerContext, environment: str) -> tuple[Sequence[str], str]:
    try:
        return await scheduler_context.incidents.ongoing(environment), ""
    except NotReady as silent:
        return (), silent.message
