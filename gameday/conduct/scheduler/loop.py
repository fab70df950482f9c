"""The daemon's loop: starts what is due, once; records what was missed, with its reason.

Comes in: an `SchedulerContext`. Goes out: drills in processes of their own; a record for every occurrence.
Does not: hold anything that a restart would lose: where each schedule stands is in the store, so that
10,000 of them cost nothing to start with, and several daemons agree.

Each look asks the store for schedules whose time to be looked at has come. Wall clocks jump: every wait
is short, and what has a record never starts again, whatever the clock says.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from itertools import islice

from gameday import ports
from gameday.conduct.scheduler import context as offices
from gameday.conduct.scheduler.context import SchedulerContext
from gameday.conduct.scheduler.started_drills import StartedDrills
from gameday.core.errors import StoreUnavailable
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Miss, Reason, Record, Schedule, SchedulePosition, Start, State, Wait
from gameday.core.values import Instant, Seconds, format_instant
from gameday.formats.calendar import recurrence

POLL: Seconds = 0.5
"""The longest wait between two looks at the store: others add schedules, and clocks jump."""
SHORTEST: Seconds = 0.005
BRIEF: Seconds = 0.1
"""How long a look waits for answers from outside, such as a calendar's: a slow one delays only its own."""
RETRY: Seconds = 1.0
"""How soon an occurrence that something stands in the way of is looked at again."""
TOGETHER = 500
"""Occurrences of one schedule that are recorded as missed in one transaction."""
WIND_UP: Seconds = 120.0
"""How long drills may take to revert and end when the daemon is stopped."""

Key = tuple[str, Instant]


@dataclass(kw_only=True, slots=True)
class _Waiting:
    """An occurrence that could not start when it was last looked at."""

    wait: Wait
    again: Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class _Outage:
    """The last time without a store."""

    since: Instant
    until: Instant
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SupervisedLoop:
    """How a daemon is. looked: when it last saw the store; lost: why it does not see it now."""

    holder: str
    looked: Instant
    lost: str
    running: int
    waiting: int


class Scheduler:
    """One daemon."""

    def __init__(self, scheduler_context: SchedulerContext) -> None:
        self._office = scheduler_context
        self._started = StartedDrills(scheduler_context)
        self._waiting: dict[Key, _Waiting] = {}
        self._asking: dict[Key, asyncio.Task[None]] = {}
        self._looked = scheduler_context.clock.now()
        self._gone: tuple[Instant, str] | None = None
        self._outage: _Outage | None = None

    async def serve(self, stopping: asyncio.Event) -> None:
        """Start what is due until told to stop; then let the drills that run revert and end."""
        while not stopping.is_set():
            await self.look()
            await _until(stopping, self._pause())
        for task in self._asking.values():
            task.cancel()
        self._started.stop()
        deadline = self._office.clock.now() + WIND_UP
        while len(self._started) and self._office.clock.now() < deadline:
            self._tend()
            await self._office.clock.sleep(POLL)

    @property
    def idle(self) -> bool:
        """Tell that no drill of ours runs, and none waits for something to get out of its way."""
        return not self._waiting and not self._asking and not len(self._started)

    @property
    def pulse(self) -> SupervisedLoop:
        """Say how the daemon is; may be asked from another thread."""
        gone = self._gone
        return SupervisedLoop(
            holder=self._office.holder,
            looked=self._looked,
            lost="" if gone is None else gone[1],
            running=len(self._started),
            waiting=len(self._waiting),
        )

    async def look(self) -> None:
        """Look once at everything whose time has come. Without a store: say so, start nothing."""
        try:
            await self._look()
        except StoreUnavailable as error:
            self._lost(error)

    async def _look(self) -> None:
        scheduler_context, now = self._office, self._office.clock.now()
        self._started.tend()
        for record in scheduler_context.schedules.abandoned(now):
            left = (record.schedule, record.occurrence)
            if left not in self._asking:
                self._asking[left] = asyncio.ensure_future(self._take_over(record))
        rows = scheduler_context.schedules.waking(now, most=200 + len(self._waiting) + len(self._asking))
        self._found()
        due = {(row.schedule.schedule, row.standing.occurrence) for row in rows}
        self._waiting = {key: waiting for key, waiting in self._waiting.items() if key in due}
        for row in rows:
            occurrence = row.standing.occurrence
            if occurrence is not None and (row.schedule.schedule, occurrence) not in self._asking:
                deciding = asyncio.ensure_future(self._consider(row, occurrence, now))
                self._asking[row.schedule.schedule, occurrence] = deciding
        await self._answered()

    async def _answered(self) -> None:
        """Wait for decisions, not long for those that wait for somebody else. Raises StoreUnavailable."""
        if self._asking:
            await asyncio.wait(self._asking.values(), timeout=BRIEF)
        done = [task for task in self._asking.values() if task.done()]
        self._asking = {key: task for key, task in self._asking.items() if not task.done()}
        wrong = [error for error in (task.exception() for task in done) if error is not None]
        if wrong:
            raise wrong[0]

    def _tend(self) -> None:
        try:
            self._started.tend()
        except StoreUnavailable as error:
            self._lost(error)

    def _pause(self) -> Seconds:
        """Give the seconds until the next look."""
        if self._gone is not None:
            return RETRY
        try:
            wake = self._office.schedules.next_wake()
        except StoreUnavailable as error:
            self._lost(error)
            return RETRY
        if self._asking:
            return BRIEF
        if wake is None or self._waiting:
            return POLL
        return min(POLL, max(SHORTEST, wake - self._office.clock.now()))

    # --- the store ---

    def _lost(self, error: StoreUnavailable) -> None:
        if self._gone is None:
            self._gone = (self._office.clock.now(), error.message)
            self._office.say(f"{error.message}; nothing starts until it is back")

    def _found(self) -> None:
        self._looked = self._office.clock.now()
        if self._gone is not None:
            since, why = self._gone
            self._outage = _Outage(since=since, until=self._office.clock.now(), why=why)
            self._gone = None
            self._office.say("the store is back")

    # --- one schedule ---

    async def _consider(self, row: ports.ScheduleRow, occurrence: Instant, now: Instant) -> None:
        """Look at the occurrence that a schedule stands before."""
        schedule = row.schedule
        begins = schedules.moment(schedule, occurrence)
        if now < begins:
            self._notice(row, occurrence)
            return
        waiting = self._waiting.get((schedule.schedule, occurrence))
        if waiting is not None and now < waiting.again:
            return
        wait = waiting.wait if waiting else self._blamed(begins, schedule.grace)
        if row.paused or schedules.late(schedule, occurrence, now) is not None:
            self._catch_up(row, occurrence, wait, now)
            return
        seen = await offices.gather_conditions(self._office, row, occurrence, wait)
        match schedules.decide(schedule, occurrence, seen):
            case Start():
                self._start(row, occurrence)
            case Wait() as wait:
                self._wait(schedule, occurrence, wait)
            case Miss() as miss:
                self._miss(row, [(occurrence, miss)], self._standing_behind(schedule, occurrence))

    def _notice(self, row: ports.ScheduleRow, occurrence: Instant) -> None:
        """Tell the participants, once among all daemons, and wake again at the moment itself."""
        schedule = row.schedule
        told = schedules.position(schedule, occurrence, noticed=True)
        if row.paused:  # nobody is told of what is to be missed; resuming it tells them
            told = replace(told, noticed=row.standing.noticed)
        if row.standing == told or not self._office.schedules.move(row, told) or row.paused:
            return
        if schedule.notice > 0 and not row.standing.noticed and schedule.announcement != "none":
            self._office.notices.tell(notice_of(schedule, occurrence))

    def _blamed(self, begins: Instant, grace: Seconds) -> Wait | None:
        """Blame the last time without a store for what it kept from starting."""
        outage = self._outage
        if outage is None or outage.until < begins or outage.since > begins + grace:
            return None
        span = f"from {_utc(outage.since)} to {_utc(outage.until)}"
        return Wait(reason=Reason.STORE, why=f"{outage.why}, {span}")

    def _catch_up(self, row: ports.ScheduleRow, occurrence: Instant, wait: Wait | None, now: Instant) -> None:
        """Record every occurrence that is beyond its grace, or came due while the schedule is paused."""
        schedule = row.schedule
        missed: list[tuple[Instant, Miss]] = []
        following: Instant | None = None
        for at in islice(recurrence.occurrences(schedule.recurrence, occurrence), TOGETHER + 1):
            blamed = wait if at == occurrence else self._blamed(at, schedule.grace)
            miss = _missed(row, at, now, blamed)
            following = at
            if miss is None or len(missed) == TOGETHER:
                break
            missed.append((at, miss))
            following = None
        self._miss(row, missed, schedules.position(schedule, following))

    def _miss(
        self, row: ports.ScheduleRow, missed: list[tuple[Instant, Miss]], standing: SchedulePosition
    ) -> None:
        records = [self._record(row.schedule, at, miss) for at, miss in missed]
        new = self._office.schedules.settle(records, row, standing)
        for record in records:
            self._waiting.pop((record.schedule, record.occurrence), None)
        if new:
            first = records[0]
            more = f" and {len(records) - 1} more" if len(records) > 1 else ""
            self._office.say(f"{first.schedule}: missed {_utc(first.occurrence)}{more}: {first.why}")

    def _start(self, row: ports.ScheduleRow, occurrence: Instant) -> None:
        """Claim an occurrence; start its drill if the claim is won."""
        schedule = row.schedule
        record = self._started.new_claim(self._record(schedule, occurrence, None))
        behind = self._standing_behind(schedule, occurrence)
        match self._office.schedules.claim(record, row, behind):
            case ports.Claim.WON:
                self._waiting.pop((schedule.schedule, occurrence), None)
                self._started.launch(schedule, record)
            case ports.Claim.TAKEN:
                self._waiting.pop((schedule.schedule, occurrence), None)
            case ports.Claim.BUSY:
                why = f"another drill on {schedule.environment} is about to start, or has not ended"
                self._wait(schedule, occurrence, Wait(reason=Reason.BUSY, why=why))

    def _wait(self, schedule: Schedule, occurrence: Instant, wait: Wait) -> None:
        key = (schedule.schedule, occurrence)
        before = self._waiting.get(key)
        self._waiting[key] = _Waiting(wait=wait, again=Instant(self._office.clock.now() + RETRY))
        if before is None or before.wait.reason is not wait.reason:
            until = _utc(schedules.expires(schedule, occurrence))
            self._office.say(f"{schedule.schedule}: waits, until {until} at the latest: {wait.why}")

    async def _take_over(self, record: Record) -> None:
        """Settle a record whose daemon died: start it if it still may, else say what became of it."""
        if record.state is State.STARTED:
            self._started.close_left(record)
            return
        scheduler_context = self._office
        try:
            row = scheduler_context.schedules.row(record.schedule)
        except LookupError:
            miss = Miss(reason=Reason.FAILED, why="the schedule was removed")
            scheduler_context.schedules.change(record, _as_missed(record, miss))
            return
        left = Wait(
            reason=Reason.FAILED, why=record.why or f"{record.holder} claimed it and did not begin it"
        )
        seen = await offices.gather_conditions(scheduler_context, row, record.occurrence, left)
        match schedules.decide(row.schedule, record.occurrence, seen):
            case Start():
                claimed = self._started.new_claim(record)
                if scheduler_context.schedules.change(record, claimed):
                    self._started.launch(row.schedule, claimed)
            case Wait():
                pass
            case Miss() as miss:
                scheduler_context.schedules.change(record, _as_missed(record, miss))

    def _record(self, schedule: Schedule, occurrence: Instant, miss: Miss | None) -> Record:
        record = Record(
            schedule=schedule.schedule,
            occurrence=occurrence,
            moment=schedules.moment(schedule, occurrence),
            environment=schedule.environment,
            state=State.CLAIMED,
            decided=self._office.clock.now(),
        )
        return record if miss is None else _as_missed(record, miss)

    def _standing_behind(self, schedule: Schedule, occurrence: Instant) -> SchedulePosition:
        following = recurrence.first(schedule.recurrence, Instant(occurrence + 1))
        return schedules.position(schedule, following)


def notice_of(schedule: Schedule, occurrence: Instant) -> ports.Notice:
    """Say what participants may know of an occurrence: its window, and what a plan says of itself in full."""
    full = schedule.announcement == "full"
    return ports.Notice(
        schedule=schedule.schedule,
        environment=schedule.environment,
        start=occurrence,
        end=Instant(occurrence + schedule.window + schedule.lasts),
        zone=schedule.recurrence.zone,
        participants=schedule.participants,
        channels=schedule.channels,
        title=schedule.title if full else "",
        text=schedule.description if full else "",
    )


def _missed(row: ports.ScheduleRow, at: Instant, now: Instant, wait: Wait | None) -> Miss | None:
    """Say why an occurrence was missed; None: it was not, or not yet."""
    schedule = row.schedule
    if row.paused and schedules.moment(schedule, at) <= now:
        return Miss(reason=Reason.PAUSED, why="the schedule is paused")
    return schedules.late(schedule, at, now, wait)


def _as_missed(record: Record, miss: Miss) -> Record:
    return replace(record, state=State.MISSED, reason=miss.reason.value, why=miss.why)


async def _until(stopping: asyncio.Event, seconds: Seconds) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), timeout=seconds)
    except TimeoutError:
        return


def _utc(at: Instant) -> str:
    return f"{format_instant(at)[:19]}Z"
