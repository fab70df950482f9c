"""A schedule store in memory that keeps the promises of the real ones; `fail_with` makes it unavailable."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from gameday.core.errors import StoreUnavailable
from gameday.core.plans.schedule import Approval, Record, ScheduleId, SchedulePosition, State
from gameday.core.values import Instant
from gameday.ports import Claim, ScheduleRow

OPEN_STATES = (State.CLAIMED, State.STARTED)


class MemoryScheduleStore:
    """`ports.ScheduleStore` in dictionaries."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._rows: dict[ScheduleId, ScheduleRow] = {}
        self._records: dict[tuple[ScheduleId, Instant], Record] = {}
        self._open: dict[tuple[ScheduleId, Instant], Record] = {}
        self._approvals: dict[tuple[ScheduleId, Instant], dict[str, Approval]] = {}
        self._failure = ""

    def fail_with(self, reason: str) -> None:
        """Refuse everything with StoreUnavailable from now on; with an empty reason, work again."""
        self._failure = reason

    def add(self, row: ScheduleRow) -> bool:
        """Keep a schedule; False: its id is taken."""
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
        """Pause or resume a schedule; False: no such schedule."""
        self._check()
        with self._lock:
            if schedule in self._rows:
                self._rows[schedule] = replace(self._rows[schedule], paused=paused)
            return schedule in self._rows

    def remove(self, schedule: ScheduleId) -> bool:
        """Forget a schedule, not what became of its occurrences; False: no such schedule."""
        self._check()
        return self._rows.pop(schedule, None) is not None

    def waking(self, until: Instant, *, most: int = 200) -> Sequence[ScheduleRow]:
        """List the schedules due for a look by `until`, the earliest first."""
        self._check()
        due = [(row.position.wake, name) for name, row in self._rows.items() if _wakes(row, until)]
        return [self._rows[name] for _, name in sorted(due)[:most]]

    def next_wake(self) -> Instant | None:
        """Give the instant at which the next schedule has to be looked at."""
        self._check()
        wakes = (row.position.wake for row in self._rows.values())
        return min((wake for wake in wakes if wake is not None), default=None)

    def move(self, row: ScheduleRow, position: SchedulePosition) -> bool:
        """Move a schedule on, for the row as it was read; False when another was quicker."""
        self._check()
        with self._lock:
            now = self._rows.get(row.schedule.schedule)
            if now is None or now.position.occurrence is None or not _same(now.position, row.position):
                return False
            self._rows[row.schedule.schedule] = replace(now, position=position)
            return True

    def claim(self, record: Record, row: ScheduleRow, position: SchedulePosition) -> Claim:
        """Claim an occurrence, once and for all, and move its schedule on."""
        self._check()
        key = (record.schedule, record.occurrence)
        with self._lock:
            others = (other for name, other in self._open.items() if name != key)
            if any(other.environment == record.environment for other in others):
                return Claim.BUSY
            won = self._keep_once(record)
            self.move(row, position)
            return Claim.WON if won else Claim.TAKEN

    def settle(self, records: Sequence[Record], row: ScheduleRow, position: SchedulePosition) -> int:
        """Record occurrences that were missed, each once, and move their schedule on."""
        self._check()
        with self._lock:
            new = [self._keep_once(record) for record in records]
            self.move(row, position)
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
        records = [record for record in self._records.values() if schedule in ("", record.schedule)]
        return sorted(records, key=lambda record: (-record.occurrence, record.schedule))[:most]

    def abandoned(self, now: Instant) -> Sequence[Record]:
        """List the records, claimed or started, whose claims ran out."""
        self._check()
        records = [record for record in self._open.values() if record.until <= now]
        return sorted(records, key=lambda record: (record.occurrence, record.schedule))

    def approve(self, schedule: ScheduleId, occurrence: Instant, approval: Approval) -> None:
        """Keep one person's approval; each person's first counts."""
        self._check()
        self._approvals.setdefault((schedule, occurrence), {}).setdefault(approval.by, approval)

    def approvals(self, schedule: ScheduleId, occurrence: Instant) -> Sequence[Approval]:
        """List who approved an occurrence."""
        self._check()
        approvals = self._approvals.get((schedule, occurrence), {}).values()
        return sorted(approvals, key=lambda approval: (approval.at, approval.by))

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
        if record.state in OPEN_STATES:
            self._open[key] = record
        else:
            self._open.pop(key, None)

    def _check(self) -> None:
        if self._failure:
            raise StoreUnavailable(f"the store in memory {self._failure}")


def _wakes(row: ScheduleRow, until: Instant) -> bool:
    return row.position.wake is not None and row.position.wake <= until


def _same(one: SchedulePosition, other: SchedulePosition) -> bool:
    return (one.occurrence, one.noticed) == (other.occurrence, other.noticed)
