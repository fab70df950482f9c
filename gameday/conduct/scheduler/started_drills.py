"""The drills that one daemon started: launched, watched to their end, taken over from a daemon that died.

Comes in: claimed occurrences. Goes out: their records, brought to an end, each once.
Does not: decide what is due.

A claim is a right for `CLAIM` seconds. The drill's own process confirms it, by changing the record only
while it is as it was claimed; so what was stopped for a while, and taken over meanwhile, starts nothing.
While a drill runs its daemon renews the record; a record that nobody renews is settled by any daemon.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gameday import ports
from gameday.conduct.scheduler.context import SchedulerContext, open_game_days
from gameday.core.errors import NotReady
from gameday.core.plans.schedule import Record, Schedule, State
from gameday.core.values import Instant, Seconds

CLAIM: Seconds = 20.0
"""How long a daemon, and the process that it starts, may take to begin a drill."""
STANDS: Seconds = 60.0
"""How long a started record stands without being renewed."""
AGAIN: Seconds = 5.0
"""How soon what did not begin is tried again."""
HANDED = "is handed to another host"

Key = tuple[str, Instant]


@dataclass(kw_only=True, slots=True)
class _Running:
    drill: ports.StartedDrill
    holder: str
    renew: Instant


class StartedDrills:
    """The drills that one daemon has started and that have not ended."""

    def __init__(self, scheduler_context: SchedulerContext) -> None:
        self._office = scheduler_context
        self._running: dict[Key, _Running] = {}
        self._claims = 0

    def __len__(self) -> int:
        return len(self._running)

    def new_claim(self, record: Record) -> Record:
        """Give a record a claim of ours, under a name that no other claim has."""
        self._claims += 1
        now = self._office.clock.now()
        holder = f"{self._office.holder}/{self._claims}"
        return replace(record, state=State.CLAIMED, holder=holder, until=Instant(now + CLAIM), decided=now)

    def launch(self, schedule: Schedule, record: Record) -> None:
        """Start the drill of an occurrence that we claimed, or hand it on.

        What fails, and what is handed on and not begun, is taken over when the claim runs out: within its
        grace it is tried again, behind it recorded as missed.
        """
        try:
            drill = self._office.starter.start(schedule, record)
        except NotReady as error:
            why = f"its drill could not be started: {error.message}"
            self._office.say(f"{record.schedule}: {why}")
            self._office.schedules.change(record, replace(record, why=why))
            return
        if drill is None:
            if not record.why:
                self._office.say(f"{record.schedule}: {schedule.scenario} on {record.environment} {HANDED}")
            self._office.schedules.change(record, replace(record, why=HANDED))
            return
        self._office.say(f"{record.schedule}: starts {schedule.scenario} on {record.environment}")
        key = (record.schedule, record.occurrence)
        self._running[key] = _Running(drill=drill, holder=record.holder, renew=record.until)

    def tend(self) -> None:
        """Record drills that have ended, and renew the records of those that run."""
        for key, running in list(self._running.items()):
            code = running.drill.ended()
            if code is not None:
                self._end(key, running, code)
                del self._running[key]
            elif self._office.clock.now() >= running.renew - STANDS / 2:
                self._renew(key, running)

    def stop(self) -> None:
        """Tell every drill to abort: to revert, and to end."""
        for running in self._running.values():
            running.drill.stop()

    def close_left(self, record: Record) -> None:
        """Settle a started record that nobody renewed; while its drill is open, it stands."""
        scheduler_context = self._office
        now = scheduler_context.clock.now()
        live = any(row.environment == record.environment for row in scheduler_context.history.live())
        if live or open_game_days(scheduler_context.history, record.environment):
            scheduler_context.schedules.change(record, replace(record, until=Instant(now + STANDS)))
            return
        why = "the process that started it died; gameday list shows what became of the drill"
        scheduler_context.schedules.change(record, replace(record, state=State.ENDED, ended=now, why=why))

    def _not_begun(self, record: Record, code: int) -> None:
        """Give back what did not begin: whoever looks next starts it within its grace, or records it."""
        why = f"its process ended with {code} before it began"
        self._office.say(f"{record.schedule}: {why}")
        until = Instant(self._office.clock.now() + AGAIN)
        self._office.schedules.change(record, replace(record, why=why, until=min(until, record.until)))

    def _ours(self, key: Key, running: _Running) -> Record | None:
        schedule, occurrence = key
        record = self._office.schedules.record(schedule, occurrence)  # type: ignore[arg-type]  # str is its id
        return record if record is not None and record.holder == running.holder else None

    def _renew(self, key: Key, running: _Running) -> None:
        record = self._ours(key, running)
        until = Instant(self._office.clock.now() + STANDS)
        if record is not None and record.state is State.STARTED:
            self._office.schedules.change(record, replace(record, until=until))
            running.renew = until
        elif record is not None:
            running.renew = Instant(record.until + STANDS)

    def _end(self, key: Key, running: _Running, code: int) -> None:
        record = self._ours(key, running)
        if record is None:  # taken over: its new holder settles it
            return
        if record.state is State.CLAIMED:
            self._not_begun(record, code)
            return
        now = self._office.clock.now()
        ended = replace(
            record, state=State.ENDED, ended=now, exit_code=code, why="", drill=running.drill.drill()
        )
        self._office.say(f"{record.schedule}: {ended.drill or 'the drill'} ended with {code}")
        self._office.schedules.change(record, ended)
