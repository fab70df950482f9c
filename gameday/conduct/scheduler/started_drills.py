"""The drills that one daemon started: launched, watched to their end, taken over from a daemon that died.

A claim is a right for CLAIM_TIME. The drill's own process confirms it, by changing the record only while it
is as it was claimed; so a process that was stopped for a while, and taken over meanwhile, starts nothing.
While a drill runs, its daemon renews the record. A record that nobody renews is settled by any daemon.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gameday import ports
from gameday.conduct.scheduler.context import SchedulerContext, open_game_days
from gameday.core.errors import NotReady
from gameday.core.plans.schedule import Record, Schedule, State
from gameday.core.plans.schedule_times import CLAIM_TIME, RECORD_TIME
from gameday.core.values import Instant, Seconds

RETRY_AFTER: Seconds = 5.0
"""How soon a drill that did not begin is tried again."""
HANDED_ON = "is handed to another host"

Key = tuple[str, Instant]


@dataclass(kw_only=True, slots=True)
class _Running:
    drill: ports.StartedDrill
    holder: str
    renew: Instant


class StartedDrills:
    """The drills that one daemon has started and that have not ended."""

    def __init__(self, context: SchedulerContext) -> None:
        self._context = context
        self._running: dict[Key, _Running] = {}
        self._claims = 0

    def __len__(self) -> int:
        return len(self._running)

    def new_claim(self, record: Record) -> Record:
        """Give a record a claim of ours, under a name that no other claim has."""
        self._claims += 1
        now = self._context.clock.now()
        # With a count: after it lost and won a claim again, the same daemon must not take the old one for
        # its own.
        holder = f"{self._context.holder}/{self._claims}"
        return replace(
            record, state=State.CLAIMED, holder=holder, until=Instant(now + CLAIM_TIME), decided=now
        )

    def launch(self, schedule: Schedule, record: Record) -> None:
        """Start the drill of an occurrence that we claimed, or hand it on.

        A start that failed, or was handed on and did not begin, is taken over when the claim runs out:
        within its grace it is tried again, after it recorded as missed.
        """
        try:
            drill = self._context.starter.start(schedule, record)
        except NotReady as error:
            why = f"its drill could not be started: {error.message}"
            self._context.report(f"{record.schedule}: {why}")
            self._context.schedules.change(record, replace(record, why=why))
            return
        if drill is None:
            if not record.why:
                self._context.report(
                    f"{record.schedule}: {schedule.scenario} on {record.environment} {HANDED_ON}"
                )
            self._context.schedules.change(record, replace(record, why=HANDED_ON))
            return
        self._context.report(f"{record.schedule}: starts {schedule.scenario} on {record.environment}")
        key = (record.schedule, record.occurrence)
        self._running[key] = _Running(drill=drill, holder=record.holder, renew=record.until)

    def tend(self) -> None:
        """Record drills that have ended, and renew the records of those that run."""
        for key, running in list(self._running.items()):
            code = running.drill.ended()
            if code is not None:
                self._end(key, running, code)
                del self._running[key]
            # At half of its time, so that a store that is away for a while costs nothing.
            elif self._context.clock.now() >= running.renew - RECORD_TIME / 2:
                self._renew(key, running)

    def stop(self) -> None:
        """Abort every drill: each reverts, and ends."""
        for running in self._running.values():
            running.drill.stop()

    def close_left(self, record: Record) -> None:
        """Settle a started record that nobody renewed; while its drill is open, only renew it."""
        context = self._context
        now = context.clock.now()
        live = any(row.environment == record.environment for row in context.history.live())
        # A drill outlives the daemon that started it: until it is closed its occurrence has not ended.
        if live or open_game_days(context.history, record.environment):
            context.schedules.change(record, replace(record, until=Instant(now + RECORD_TIME)))
            return
        why = "the process that started it died; gameday list shows what became of the drill"
        context.schedules.change(record, replace(record, state=State.ENDED, ended=now, why=why))

    def _not_begun(self, record: Record, code: int) -> None:
        """Give a drill back that did not begin: the next look starts it within its grace, or records it."""
        why = f"its process ended with {code} before it began"
        self._context.report(f"{record.schedule}: {why}")
        # The claim is cut short, not dropped: it is then taken over like any other.
        until = Instant(self._context.clock.now() + RETRY_AFTER)
        self._context.schedules.change(record, replace(record, why=why, until=min(until, record.until)))

    def _ours(self, key: Key, running: _Running) -> Record | None:
        schedule, occurrence = key
        record = self._context.schedules.record(schedule, occurrence)  # type: ignore[arg-type]  # str is its id
        return record if record is not None and record.holder == running.holder else None

    def _renew(self, key: Key, running: _Running) -> None:
        record = self._ours(key, running)
        until = Instant(self._context.clock.now() + RECORD_TIME)
        if record is not None and record.state is State.STARTED:
            self._context.schedules.change(record, replace(record, until=until))
            running.renew = until
        # Still claimed: the drill's own process turns it into a start, and must find it unchanged.
        elif record is not None:
            running.renew = Instant(record.until + RECORD_TIME)

    def _end(self, key: Key, running: _Running, code: int) -> None:
        record = self._ours(key, running)
        if record is None:  # taken over: its new holder settles it
            return
        if record.state is State.CLAIMED:
            self._not_begun(record, code)
            return
        now = self._context.clock.now()
        ended = replace(
            record, state=State.ENDED, ended=now, exit_code=code, why="", drill=running.drill.drill()
        )
        self._context.report(f"{record.schedule}: {ended.drill or 'the drill'} ended with {code}")
        self._context.schedules.change(record, ended)
