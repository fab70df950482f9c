"""The daemon's loop: starts what is due, once, in processes of their own; records what was missed, and why.

It holds nothing that a restart would lose. The position of each schedule is in the store, so that 10,000 of
them cost nothing at the start, and several daemons agree.

Each look asks the store for schedules whose time to be looked at has come. Wall clocks jump: every wait
is short, and an occurrence that has a record never starts again, whatever the clock shows.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from itertools import islice

from gameday import ports
from gameday.conduct.scheduler.context import SchedulerContext, gather_conditions
from gameday.conduct.scheduler.started_drills import StartedDrills
from gameday.core.errors import StoreUnavailable
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Miss, Reason, Record, Schedule, SchedulePosition, Start, State, Wait
from gameday.core.values import Instant, Seconds, format_instant
from gameday.formats.calendar import recurrence

POLL_INTERVAL: Seconds = 0.5
"""The longest wait between two looks at the store: others add schedules, and clocks jump."""
SHORTEST_PAUSE: Seconds = 0.005
ANSWER_WAIT: Seconds = 0.1
"""How long a look waits for answers from outside, such as a calendar's: a slow one delays only its own."""
RETRY_AFTER: Seconds = 1.0
"""How soon an occurrence that can't start yet is looked at again."""
MISSED_AT_ONCE = 500
"""How many occurrences of one schedule are recorded as missed in one transaction."""
STOP_LIMIT: Seconds = 120.0
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
class DaemonState:
    """The state of a daemon. looked: when it last reached the store; lost: why it does not reach it now."""

    holder: str
    looked: Instant
    lost: str
    running: int
    waiting: int


class Scheduler:
    """One daemon."""

    def __init__(self, context: SchedulerContext) -> None:
        self._context = context
        self._started = StartedDrills(context)
        self._waiting: dict[Key, _Waiting] = {}
        # Decisions under way. One that waits for a slow calendar is not begun a second time.
        self._asking: dict[Key, asyncio.Task[None]] = {}
        self._looked = context.clock.now()
        self._gone: tuple[Instant, str] | None = None
        self._outage: _Outage | None = None

    async def serve(self, stopping: asyncio.Event) -> None:
        """Start what is due until `stopping` is set; then let the drills that run revert and end."""
        while not stopping.is_set():
            await self.look()
            await _until(stopping, self._pause())
        # Nothing further may begin; a decision that is cut off here is made by the next daemon.
        for task in self._asking.values():
            task.cancel()
        self._started.stop()
        deadline = self._context.clock.now() + STOP_LIMIT
        while len(self._started) and self._context.clock.now() < deadline:
            self._tend()
            await self._context.clock.sleep(POLL_INTERVAL)

    @property
    def idle(self) -> bool:
        """No drill of ours runs, and no occurrence waits to be able to start."""
        return not self._waiting and not self._asking and not len(self._started)

    @property
    def state(self) -> DaemonState:
        """The state of the daemon; may be read from another thread."""
        gone = self._gone  # read once: the loop may change it meanwhile
        return DaemonState(
            holder=self._context.holder,
            looked=self._looked,
            lost="" if gone is None else gone[1],
            running=len(self._started),
            waiting=len(self._waiting),
        )

    async def look(self) -> None:
        """Look once at everything whose time has come. Without a store: report it, and start nothing."""
        try:
            await self._look()
        except (StoreUnavailable, OSError) as error:
            self._lost_store(error)

    async def _look(self) -> None:
        context, now = self._context, self._context.clock.now()
        self._started.tend()
        for record in context.schedules.abandoned(now):
            key = (record.schedule, record.occurrence)
            if key not in self._asking:
                self._asking[key] = asyncio.ensure_future(self._take_over(record))
        # Those that wait or are asked about come first again: without room for them, new ones would starve.
        rows = context.schedules.waking(now, most=200 + len(self._waiting) + len(self._asking))
        self._reached_store()
        due = {(row.schedule.schedule, row.position.occurrence) for row in rows}
        # What another daemon started, or somebody removed, no longer waits.
        self._waiting = {key: waiting for key, waiting in self._waiting.items() if key in due}
        for row in rows:
            occurrence = row.position.occurrence
            if occurrence is not None and (row.schedule.schedule, occurrence) not in self._asking:
                deciding = asyncio.ensure_future(self._consider(row, occurrence, now))
                self._asking[row.schedule.schedule, occurrence] = deciding
        await self._collect()

    async def _collect(self) -> None:
        """Collect decisions; don't wait long for those that ask outside. Raises StoreUnavailable."""
        if self._asking:
            await asyncio.wait(self._asking.values(), timeout=ANSWER_WAIT)
        done = [task for task in self._asking.values() if task.done()]
        self._asking = {key: task for key, task in self._asking.items() if not task.done()}
        # All are fetched: asyncio warns of exceptions that nobody has looked at.
        errors = [error for error in (task.exception() for task in done) if error is not None]
        if errors:
            raise errors[0]

    def _tend(self) -> None:
        try:
            self._started.tend()
        except (StoreUnavailable, OSError) as error:
            self._lost_store(error)

    def _pause(self) -> Seconds:
        """Give the seconds until the next look."""
        if self._gone is not None:
            return RETRY_AFTER
        try:
            wake = self._context.schedules.next_wake()
        except (StoreUnavailable, OSError) as error:
            self._lost_store(error)
            return RETRY_AFTER
        if self._asking:
            return ANSWER_WAIT
        if wake is None or self._waiting:
            return POLL_INTERVAL
        return min(POLL_INTERVAL, max(SHORTEST_PAUSE, wake - self._context.clock.now()))

    # --- the store ---

    def _lost_store(self, error: StoreUnavailable | OSError) -> None:
        # OSError: no file can be opened now, say. A daemon that ended would revert nothing either.
        why = error.message if isinstance(error, StoreUnavailable) else str(error)
        if self._gone is None:
            self._gone = (self._context.clock.now(), why)
            self._context.report(f"{why}; nothing starts until it is back")

    def _reached_store(self) -> None:
        self._looked = self._context.clock.now()
        if self._gone is not None:
            since, why = self._gone
            self._outage = _Outage(since=since, until=self._context.clock.now(), why=why)
            self._gone = None
            self._context.report("the store is back")

    # --- one schedule ---

    async def _consider(self, row: ports.ScheduleRow, occurrence: Instant, now: Instant) -> None:
        """Look at the next occurrence of a schedule."""
        schedule = row.schedule
        begins = schedules.moment(schedule, occurrence)
        if now < begins:
            self._notice(row, occurrence)
            return
        waiting = self._waiting.get((schedule.schedule, occurrence))
        # `_look` finds it at each turn, as its time has come: ask others no more often than RETRY_AFTER.
        if waiting is not None and now < waiting.again:
            return
        wait = waiting.wait if waiting else self._during_outage(begins, schedule.grace)
        if row.paused or schedules.late(schedule, occurrence, now) is not None:
            self._catch_up(row, occurrence, wait, now)
            return
        known = await gather_conditions(self._context, row, occurrence, wait)
        match schedules.decide(schedule, occurrence, known):
            case Start():
                self._start(row, occurrence)
            case Wait() as wait:
                self._wait(schedule, occurrence, wait)
            case Miss() as miss:
                self._miss(row, [(occurrence, miss)], self._position_after(schedule, occurrence))

    def _notice(self, row: ports.ScheduleRow, occurrence: Instant) -> None:
        """Notify the participants, once among all daemons, and wake again at the moment itself."""
        schedule = row.schedule
        noticed = schedules.position(schedule, occurrence, noticed=True)
        if row.paused:  # nobody is notified of what is to be missed; resuming the schedule does it
            noticed = replace(noticed, noticed=row.position.noticed)
        # `move` changes the row only as it was read: of several daemons one wins, and it alone notifies.
        if row.position == noticed or not self._context.schedules.move(row, noticed) or row.paused:
            return
        if schedule.notice > 0 and not row.position.noticed and schedule.announcement != "none":
            self._context.notices.send(notice_of(schedule, occurrence))

    def _during_outage(self, begins: Instant, grace: Seconds) -> Wait | None:
        """Give the last time without a store as the reason, where it kept an occurrence from starting."""
        outage = self._outage
        # The outage must overlap the time in which it could have started.
        if outage is None or outage.until < begins or outage.since > begins + grace:
            return None
        span = f"from {_utc(outage.since)} to {_utc(outage.until)}"
        return Wait(reason=Reason.STORE, why=f"{outage.why}, {span}")

    def _catch_up(self, row: ports.ScheduleRow, occurrence: Instant, wait: Wait | None, now: Instant) -> None:
        """Record every occurrence that is beyond its grace, or came due while the schedule is paused."""
        schedule = row.schedule
        missed: list[tuple[Instant, Miss]] = []
        following: Instant | None = None
        # One more than are recorded: the next look goes on from there.
        for at in islice(recurrence.occurrences(schedule.recurrence, occurrence), MISSED_AT_ONCE + 1):
            reason = wait if at == occurrence else self._during_outage(at, schedule.grace)
            miss = _missed(row, at, now, reason)
            following = at
            if miss is None or len(missed) == MISSED_AT_ONCE:
                break
            missed.append((at, miss))
            following = None
        self._miss(row, missed, schedules.position(schedule, following))

    def _miss(
        self, row: ports.ScheduleRow, missed: list[tuple[Instant, Miss]], position: SchedulePosition
    ) -> None:
        records = [self._record(row.schedule, at, miss) for at, miss in missed]
        new = self._context.schedules.settle(records, row, position)
        for record in records:
            self._waiting.pop((record.schedule, record.occurrence), None)
        # Only the daemon that recorded it reports it.
        if new:
            first = records[0]
            more = f" and {len(records) - 1} more" if len(records) > 1 else ""
            self._context.report(f"{first.schedule}: missed {_utc(first.occurrence)}{more}: {first.why}")

    def _start(self, row: ports.ScheduleRow, occurrence: Instant) -> None:
        """Claim an occurrence; start its drill if the claim is won."""
        schedule = row.schedule
        record = self._started.new_claim(self._record(schedule, occurrence, None))
        # Claiming moves the schedule on in the same transaction: the occurrence is ours, or another daemon's.
        match self._context.schedules.claim(record, row, self._position_after(schedule, occurrence)):
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
        self._waiting[key] = _Waiting(wait=wait, again=Instant(self._context.clock.now() + RETRY_AFTER))
        # Reported once a reason, not once a second.
        if before is None or before.wait.reason is not wait.reason:
            until = _utc(schedules.expires(schedule, occurrence))
            self._context.report(f"{schedule.schedule}: waits, until {until} at the latest: {wait.why}")

    async def _take_over(self, record: Record) -> None:
        """Settle a record whose daemon died: start it if it still may, else record what became of it."""
        if record.state is State.STARTED:
            self._started.close_left(record)
            return
        context = self._context
        try:
            row = context.schedules.row(record.schedule)
        except LookupError:
            miss = Miss(reason=Reason.FAILED, why="the schedule was removed")
            context.schedules.change(record, _as_missed(record, miss))
            return
        left = Wait(
            reason=Reason.FAILED, why=record.why or f"{record.holder} claimed it and did not begin it"
        )
        known = await gather_conditions(context, row, record.occurrence, left)
        match schedules.decide(row.schedule, record.occurrence, known):
            case Start():
                claimed = self._started.new_claim(record)
                if context.schedules.change(record, claimed):
                    self._started.launch(row.schedule, claimed)
            case Wait():
                pass
            case Miss() as miss:
                context.schedules.change(record, _as_missed(record, miss))

    def _record(self, schedule: Schedule, occurrence: Instant, miss: Miss | None) -> Record:
        record = Record(
            schedule=schedule.schedule,
            occurrence=occurrence,
            moment=schedules.moment(schedule, occurrence),
            environment=schedule.environment,
            state=State.CLAIMED,
            decided=self._context.clock.now(),
        )
        return record if miss is None else _as_missed(record, miss)

    def _position_after(self, schedule: Schedule, occurrence: Instant) -> SchedulePosition:
        # Occurrences are whole seconds: one more finds the next, and never the same.
        following = recurrence.first(schedule.recurrence, Instant(occurrence + 1))
        return schedules.position(schedule, following)


def notice_of(schedule: Schedule, occurrence: Instant) -> ports.Notice:
    """Give what participants may know of an occurrence: its window, and what is announced in full."""
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
    """Give why an occurrence was missed; None: it was not, or not yet."""
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
