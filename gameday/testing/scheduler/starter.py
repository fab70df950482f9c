"""A starter that starts no process, and confirms claims as a drill's own process does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from gameday.core.errors import NotReady
from gameday.core.plans.schedule import Record, Schedule, State
from gameday.core.values import Instant
from gameday.ports import Clock, ScheduleStore
from gameday.testing.scheduler.started_drill import FakeStartedDrill


@dataclass(kw_only=True, slots=True)
class FakeStarter:
    """`ports.Starter` that keeps the drills it started in `drills`.

    refuse  why nothing starts
    dies    processes die before they confirm their claim
    hands   every drill is handed to another host and kept in `handed`
    """

    clock: Clock
    store: ScheduleStore
    lasts: float | None = 60.0
    refuse: str = ""
    dies: bool = False
    hands: bool = False
    handed: list[Record] = field(default_factory=list)
    drills: list[FakeStartedDrill] = field(default_factory=list)
    on_start: Callable[[Record], None] = lambda _record: None

    def start(self, schedule: Schedule, record: Record) -> FakeStartedDrill | None:  # noqa: ARG002  # the port's
        """Start a drill. Raises NotReady where `refuse` is set."""
        if self.refuse:
            raise NotReady(self.refuse)
        if self.hands:
            self.handed.append(record)
            return None
        now = self.clock.now()
        started = replace(record, state=State.STARTED, started=now, until=Instant(now + 60))
        if self.dies or not self.store.change(record, started):
            return FakeStartedDrill(clock=self.clock, record=record, exit_code=75)
        self.on_start(started)
        self.drills.append(FakeStartedDrill(clock=self.clock, record=started, lasts=self.lasts))
        return self.drills[-1]
