"""A store, and daemons that work with it, on the virtual clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from gameday.conduct.scheduler.context import EnvironmentTimes, SchedulerContext
from gameday.conduct.scheduler.loop import Scheduler
from gameday.core.facts import drill as ev
from gameday.core.facts.gameday import GameDayPlanned
from gameday.core.plans import schedule as schedules
from gameday.core.plans.scenario import Scenario, ScorecardRules
from gameday.core.plans.schedule import Kind, Record, Recurrence, Schedule, ScheduleId
from gameday.core.values import DrillId, EventId, FaultId, Instant, Mode, instant
from gameday.formats.calendar import recurrence
from gameday.ports import ScheduleRow
from gameday.testing.clock import VirtualClock
from gameday.testing.schedules import (
    FakeCalendars,
    FakeIncidents,
    FakeNotices,
    FakeStarter,
    MemoryScheduleStore,
)
from gameday.testing.store import MemoryStore
from tests.conduct.day import PLAN

T = instant(1_800_003_600.0)  # 2027-01-15T09:00:00Z, a Friday
HOUR = 3600.0
HOURLY = Recurrence(kind=Kind.RRULE, text="FREQ=HOURLY", zone="UTC", start="2027-01-15T09:00:00")
ONCE = replace(HOURLY, text="FREQ=DAILY;COUNT=1")


@dataclass(kw_only=True)
class House:
    """A store and daemons that work with it."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(instant(T - 60)))
    reports: list[str] = field(default_factory=list)
    place: EnvironmentTimes = field(default_factory=EnvironmentTimes)

    def __post_init__(self) -> None:
        self.schedules = MemoryScheduleStore()
        self.history = MemoryStore(self.clock)
        self.starter = FakeStarter(clock=self.clock, store=self.schedules)
        self.incidents = FakeIncidents()
        self.calendars = FakeCalendars()
        self.notices = FakeNotices()

    def daemon(self, name: str = "one") -> Scheduler:
        return Scheduler(
            SchedulerContext(
                clock=self.clock,
                schedules=self.schedules,
                history=self.history,
                starter=self.starter,
                incidents=self.incidents,
                calendars=self.calendars,
                notices=self.notices,
                holder=name,
                times_of=lambda _name: self.place,
                report=self.reports.append,
            )
        )

    def add(self, name: str = "a", rule: Recurrence = ONCE, **values) -> Schedule:
        base = {"scenario": "scenarios/slow.yaml", "environment": "shop", "seed": "s", "recurrence": rule}
        one = Schedule(schedule=ScheduleId(name), **{**base, **values})
        first = recurrence.first(rule, self.clock.now())
        self.schedules.add(ScheduleRow(schedule=one, position=schedules.position(one, first)))
        return one

    def live(self, seconds: float, *daemons: Scheduler) -> None:
        """Let daemons look, every half second, for so long."""

        async def look() -> None:
            end = self.clock.now() + seconds
            while self.clock.now() < end:
                await asyncio.gather(*(daemon.look() for daemon in daemons or (self.daemon(),)))
                await self.clock.sleep(0.5)

        self.clock.run(look())

    def record(self, name: str = "a", at: float = T) -> Record:
        found = self.schedules.record(ScheduleId(name), instant(at))
        assert found is not None
        return found

    def tell(self, *facts: ev.Fact, drill: str = "d") -> None:
        for fact in facts:
            number = len(self.history.read(DrillId(drill))) if facts[0] is not fact else 0
            self.history.append(
                ev.Event(id=EventId(f"{drill}{number}{type(fact).__name__}"), drill=DrillId(drill),
                         recorded_at=self.clock.now(), source="test", fact=fact)
            )  # fmt: skip


PLANNED = ev.DrillPlanned(
    scenario=Scenario(scenario="slow", title="Slow", environment="shop"),
    scorecard=ScorecardRules(scorecard="team", version=1, criteria=()),
    mode=Mode.EVALUATE, environment="shop", comparable="c",
)  # fmt: skip
CLOSED = ev.DrillClosed(how="completed", reverted=True)


def opened(at: Instant) -> ev.Event:
    """Open a game day on the environment of the drills."""
    plan = replace(PLAN, environment="shop")
    fact = GameDayPlanned(plan=plan, scenarios={}, attended=True, opened="ada")
    return ev.Event(id=EventId("g"), drill=DrillId("gameday-1"), recorded_at=at, source="host", fact=fact)


def fault() -> ev.FaultRequested:
    return ev.FaultRequested(fault=FaultId("main"), experiment="{}", path="e.json", cwd="/", host="h")
