"""What scheduling needs, in memory: a store, a starter, an alert source, calendars, notices.

Comes in: what is to be there. Goes out: what was asked for, to be looked at.
Does not: outlive its process. `MemoryScheduleStore.fail_with` makes it unavailable.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from gameday.core.errors import NotReady, StoreUnavailable
from gameday.core.plans.schedule import Approval, Record, Schedule, ScheduleId, SchedulePosition, State
from gameday.core.policy import Calendar
from gameday.core.values import Instant
from gameday.ports import Claim, Clock, Message, Notice, ScheduleRow, ScheduleStore

STANDING = (State.CLAIMED, State.STARTED)


class MemoryScheduleStore:
    """Schedules in dictionaries, with the promises of the real store."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._rows: dict[ScheduleId, ScheduleRow] = {}
        self._records: dict[tuple[ScheduleId, Instant], Record] = {}
        self._open: dict[tuple[ScheduleId, Instant], Record] = {}
        self._approvals: dict[tuple[ScheduleId, Instant], dict[str, Approval]] = {}
        self._failure = ""

    def fail_with(self, reason: str) -> None:
        """Refuse everything with StoreUnavailable from now on; an empty reason mends it."""
        self._failure = reason

    def add(self, row: ScheduleRow) -> bool:
        """Keep a schedule; False: one of that id is there."""
        self._check()
        with self._lock:
            return self._rows.setdefault(row.schedule.schedule, row) is row

    def row(self, schedule: ScheduleId) -> ScheduleRow:
        """Give a schedule. Raises LookupError."""
        self._check()
        return self._rows[schedule]

    def rows(self) -> Sequence[ScheduleRow]:
        """List the schedules by id."""
        self._check()
        return [self._rows[name] for name in sorted(self._rows)]

    def pause(self, schedule: ScheduleId, *, paused: bool) -> bool:
        """Pause or resume a schedule; False: there is none."""
        self._check()
        with self._lock:
            if schedule in self._rows:
                self._rows[schedule] = replace(self._rows[schedule], paused=paused)
            return schedule in self._rows

    def remove(self, schedule: ScheduleId) -> bool:
        """Forget a schedule, not what became of its occurrences; False: there is none."""
        self._check()
        return self._rows.pop(schedule, None) is not None

    def waking(self, until: Instant, *, most: int = 200) -> Sequence[ScheduleRow]:
        """List the schedules to be looked at by `until`, the earliest first."""
        self._check()
        found = [(row.standing.wake, name) for name, row in self._rows.items() if _wakes(row, until)]
        return [self._rows[name] for _, name in sorted(found)[:most]]

    def next_wake(self) -> Instant | None:
        """Give the instant at which the next schedule has to be looked at."""
        self._check()
        wakes = (row.standing.wake for row in self._rows.values())
        return min((wake for wake in wakes if wake is not None), default=None)

    def move(self, row: ScheduleRow, standing: SchedulePosition) -> bool:
        """Move a schedule on, for the row as it was read; False when another was quicker."""
        self._check()
        with self._lock:
            now = self._rows.get(row.schedule.schedule)
            if now is None or now.standing.occurrence is None or not _same(now.standing, row.standing):
                return False
            self._rows[row.schedule.schedule] = replace(now, standing=standing)
            return True

    def claim(self, record: Record, row: ScheduleRow, standing: SchedulePosition) -> Claim:
        """Claim an occurrence, once for ever, and move its schedule on."""
        self._check()
        key = (record.schedule, record.occurrence)
        with self._lock:
            others = (other for name, other in self._open.items() if name != key)
            if any(other.environment == record.environment for other in others):
                return Claim.BUSY
            won = self._keep_once(record)
            self.move(row, standing)
            return Claim.WON if won else Claim.TAKEN

    def settle(self, records: Sequence[Record], row: ScheduleRow, standing: SchedulePosition) -> int:
        """Record occurrences that were missed, each once, and move their schedule on."""
        self._check()
        with self._lock:
            new = [self._keep_once(record) for record in records]
            self.move(row, standing)
            return sum(new)

    def change(self, old: Record, new: Record) -> bool:
        """Replace a record that is still as it was read; False: it is not."""
        self._check()
        with self._lock:
            now = self._records.get((old.schedule, old.occurrence))
            if now is None or (now.state, now.holder, now.until) != (old.state, old.holder, old.until):
                return False
            self._keep(new)
            return True

    def record(self, schedule: ScheduleId, occurrence: Instant) -> Record | None:
        """Give what became of an occurrence."""
        self._check()
        return self._records.get((schedule, occurrence))

    def records(self, schedule: str = "", *, most: int = 1000) -> Sequence[Record]:
        """List what became of occurrences, of one schedule or all, the latest first."""
        self._check()
        found = [record for record in self._records.values() if schedule in ("", record.schedule)]
        return sorted(found, key=lambda record: (-record.occurrence, record.schedule))[:most]

    def abandoned(self, now: Instant) -> Sequence[Record]:
        """List the records, claimed or started, whose claims ran out."""
        self._check()
        found = [record for record in self._open.values() if record.until <= now]
        return sorted(found, key=lambda record: (record.occurrence, record.schedule))

    def approve(self, schedule: ScheduleId, occurrence: Instant, approval: Approval) -> None:
        """Keep one person's yes; the first of a person counts."""
        self._check()
        self._approvals.setdefault((schedule, occurrence), {}).setdefault(approval.by, approval)

    def approvals(self, schedule: ScheduleId, occurrence: Instant) -> Sequence[Approval]:
        """List who approved an occurrence."""
        self._check()
        found = self._approvals.get((schedule, occurrence), {}).values()
        return sorted(found, key=lambda approval: (approval.at, approval.by))

    def close(self) -> None:
        """Keep everything: nothing is held open."""

    def _keep_once(self, record: Record) -> bool:
        if (record.schedule, record.occurrence) in self._records:
            return False
        self._keep(record)
        return True

    def _keep(self, record: Record) -> None:
        key = (record.schedule, record.occurrence)
        self._records[key] = record
        if record.state in STANDING:
            self._open[key] = record
        else:
            self._open.pop(key, None)

    def _check(self) -> None:
        if self._failure:
            raise StoreUnavailable(f"the store in memory {self._failure}")


def _wakes(row: ScheduleRow, until: Instant) -> bool:
    return row.standing.wake is not None and row.standing.wake <= until


def _same(one: SchedulePosition, other: SchedulePosition) -> bool:
    return (one.occurrence, one.noticed) == (other.occurrence, other.noticed)


@dataclass(kw_only=True, slots=True)
class FakeDrill:
    """A drill that ends when its test says so, or after `lasts` seconds."""

    clock: Clock
    record: Record
    lasts: float | None = 60.0
    exit_code: int | None = None
    stopped: bool = False

    def ended(self) -> int | None:
        """Give its exit code; None while it runs."""
        began = self.record.started or self.record.decided
        if self.exit_code is None and self.lasts is not None and self.clock.now() >= began + self.lasts:
            self.exit_code = 0
        return self.exit_code

    def drill(self) -> str:
        """Give an id."""
        return f"drill-of-{self.record.schedule}-{self.record.occurrence:.0f}"

    def stop(self) -> None:
        """Abort: end with exit code 3."""
        self.stopped, self.exit_code = True, 3


@dataclass(kw_only=True, slots=True)
class FakeStarter:
    """`ports.Starter` that confirms each claim, as a drill's own process does, and keeps the drills.

    refuse  why nothing starts; dies: starts processes that die before they confirm
    hands   hands every drill to another host, and keeps what was handed in `handed`
    """

    clock: Clock
    store: ScheduleStore
    lasts: float | None = 60.0
    refuse: str = ""
    dies: bool = False
    hands: bool = False
    handed: list[Record] = field(default_factory=list)
    drills: list[FakeDrill] = field(default_factory=list)
    on_start: Callable[[Record], None] = lambda _record: None

    def start(self, schedule: Schedule, record: Record) -> FakeDrill | None:  # noqa: ARG002  # the port's
        """Start a drill. Raises NotReady when told to refuse."""
        if self.refuse:
            raise NotReady(self.refuse)
        if self.hands:
            self.handed.append(record)
            return None
        now = self.clock.now()
        started = replace(record, state=State.STARTED, started=now, until=Instant(now + 60))
        if self.dies or not self.store.change(record, started):
            return FakeDrill(clock=self.clock, record=record, exit_code=75)
        self.on_start(started)
        self.drills.append(FakeDrill(clock=self.clock, record=started, lasts=self.lasts))
        return self.drills[-1]


@dataclass(kw_only=True, slots=True)
class FakeIncidents:
    """`ports.Incidents` that a test fills. silent: why it does not answer."""

    found: dict[str, list[str]] = field(default_factory=dict)
    silent: str = ""

    async def ongoing(self, environment: str) -> Sequence[str]:
        """Name the incidents. Raises NotReady when silent."""
        if self.silent:
            raise NotReady(self.silent)
        return self.found.get(environment, [])


@dataclass(kw_only=True, slots=True)
class FakeCalendars:
    """`ports.Calendars` that a test fills, by path; a path that is not there can't be had."""

    found: dict[str, Calendar] = field(default_factory=dict)

    async def read(self, path: str, start: Instant, end: Instant) -> Calendar:  # noqa: ARG002  # the port's
        """Give a calendar."""
        return self.found.get(path, Calendar(path=path, error="it is not there"))


@dataclass(kw_only=True, slots=True)
class FakeNotices:
    """`ports.Notices` that keeps what was told."""

    told: list[Notice] = field(default_factory=list)

    def tell(self, notice: Notice) -> None:
        """Keep it."""
        self.told.append(notice)


@dataclass(kw_only=True, slots=True)
class FakeAnnouncer:
    """`ports.Announcer` that keeps what was told. fails: by channel, how often it can't be told at first."""

    channels: Collection[str] = ("chat", "mail")
    fails: dict[str, int] = field(default_factory=dict)
    told: list[tuple[str, Message]] = field(default_factory=list)

    def send(self, channel: str, message: Message) -> None:
        """Keep it, or raise NotReady."""
        left = self.fails.get(channel, 0)
        if left > 0:
            self.fails[channel] = left - 1
            raise NotReady(f"{channel} is down")
        self.told.append((channel, message))
