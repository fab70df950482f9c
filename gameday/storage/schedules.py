"""`ports.ScheduleStore` over any database that runs our statements, which holds the histories, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from gameday.core.plans.schedule import Approval, Record, Schedule, ScheduleId, SchedulePosition, State
from gameday.core.values import Instant
from gameday.formats.stored import schedules
from gameday.ports import Claim, ScheduleRow
from gameday.storage import schedule_statements as sql
from gameday.storage.database import Executor, Transaction

COLUMNS = tuple(field.name for field in fields(Record))
"""A record's values in the order of the statements' columns."""


class SqlScheduleStore:
    """Schedules in a database that any number of processes use."""

    def __init__(self, database: Executor) -> None:
        self._database = database

    def add(self, row: ScheduleRow) -> bool:
        """Store a schedule; False when there is one with its id."""
        body = schedules.encode(row.schedule)
        values = {**_position(row.schedule, row.position), "body": body, "paused": int(row.paused)}
        return self._changed(sql.ADD, values)

    def row(self, schedule: ScheduleId) -> ScheduleRow:
        """Give a schedule. Raises LookupError."""
        rows = self._database.rows(sql.ROW, schedule=schedule)
        if not rows:
            raise LookupError(schedule)
        return _row(rows[0])

    def rows(self) -> Sequence[ScheduleRow]:
        """List the schedules by id."""
        return [_row(row) for row in self._database.rows(sql.ROWS)]

    def pause(self, schedule: ScheduleId, *, paused: bool) -> bool:
        """Pause or resume a schedule; False when there is no such schedule."""
        return self._changed(sql.PAUSE, {"schedule": schedule, "paused": int(paused)})

    def remove(self, schedule: ScheduleId) -> bool:
        """Delete a schedule, but not the records of its occurrences; False when there is no such schedule."""
        return self._changed(sql.REMOVE, {"schedule": schedule})

    def waking(self, until: Instant, *, most: int = 200) -> Sequence[ScheduleRow]:
        """List the schedules that have to be looked at by `until`, the earliest first."""
        return [_row(row) for row in self._database.rows(sql.WAKING, until=until, most=most)]

    def next_wake(self) -> Instant | None:
        """Give the instant at which the next schedule has to be looked at."""
        wake = self._database.rows(sql.NEXT_WAKE)[0][0]
        return None if wake is None else Instant(wake)

    def move(self, row: ScheduleRow, position: SchedulePosition) -> bool:
        """Move a schedule on; False when it is no longer as `row` says: another process was quicker."""
        with self._database.write() as tx:
            return _moved(tx, row, position)

    def claim(self, record: Record, row: ScheduleRow, position: SchedulePosition) -> Claim:
        """Claim an occurrence, which succeeds once, and move its schedule on, in one transaction."""
        values = _values(record)
        with self._database.write() as tx:
            tx.execute(sql.LOCK_ENVIRONMENT, {"environment": record.environment})
            # Only after the lock: the count is right for as long as the transaction holds it.
            if tx.execute(sql.ACTIVE_ON_ENVIRONMENT, values).fetchone()[0]:
                return Claim.BUSY
            won = tx.execute(sql.RECORD_ONCE, values).rowcount == 1
            _moved(tx, row, position)
        return Claim.WON if won else Claim.TAKEN

    def settle(self, records: Sequence[Record], row: ScheduleRow, position: SchedulePosition) -> int:
        """Record occurrences that were missed, each once, and move their schedule on."""
        with self._database.write() as tx:
            counts = [tx.execute(sql.RECORD_ONCE, _values(record)).rowcount for record in records]
            _moved(tx, row, position)
        return sum(counts)

    def change(self, old: Record, new: Record) -> bool:
        """Replace a record; False when it is no longer as `old` says."""
        # What the caller saw: another daemon may have taken the record over since.
        was = {"was_state": old.state.value, "was_holder": old.holder, "was_until": old.until}
        return self._changed(sql.CHANGE, {**_values(new), **was})

    def record(self, schedule: ScheduleId, occurrence: Instant) -> Record | None:
        """Give what became of an occurrence."""
        rows = self._database.rows(sql.RECORD, schedule=schedule, occurrence=int(occurrence))
        return _record(rows[0]) if rows else None

    def records(self, schedule: str = "", *, most: int = 1000) -> Sequence[Record]:
        """List what became of occurrences, of one schedule or all, the latest first."""
        return [_record(row) for row in self._database.rows(sql.RECORDS, schedule=schedule, most=most)]

    def abandoned(self, now: Instant) -> Sequence[Record]:
        """List the records, claimed or started, whose claims ran out."""
        # Sorted here, not in SQL: see ABANDONED.
        records = [_record(row) for row in self._database.rows(sql.ABANDONED, now=now)]
        return sorted(records, key=lambda record: (record.occurrence, record.schedule))

    def approve(self, schedule: ScheduleId, occurrence: Instant, approval: Approval) -> None:
        """Store a person's approval; a person's first one counts."""
        key = {"schedule": schedule, "occurrence": int(occurrence)}
        self._changed(sql.APPROVE, {**key, "person": approval.by, "given": approval.at})

    def approvals(self, schedule: ScheduleId, occurrence: Instant) -> Sequence[Approval]:
        """List who approved an occurrence."""
        rows = self._database.rows(sql.APPROVALS, schedule=schedule, occurrence=int(occurrence))
        return [Approval(by=person, at=given) for person, given in rows]

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _changed(self, statement: str, values: dict[str, Any]) -> bool:
        with self._database.write() as tx:
            return bool(tx.execute(statement, values).rowcount == 1)


def _moved(tx: Transaction, row: ScheduleRow, position: SchedulePosition) -> bool:
    was = {"was": _whole(row.position.occurrence), "was_noticed": int(row.position.noticed)}
    return bool(tx.execute(sql.MOVE, {**_position(row.schedule, position), **was}).rowcount == 1)


def _position(schedule: Schedule, position: SchedulePosition) -> dict[str, Any]:
    return {
        "schedule": schedule.schedule,
        "occurrence": _whole(position.occurrence),
        "wake": position.wake,
        "noticed": int(position.noticed),
    }


def _whole(at: Instant | None) -> int | None:
    return None if at is None else int(at)


def _row(row: tuple[Any, ...]) -> ScheduleRow:
    body, paused, occurrence, wake, noticed = row
    at = None if occurrence is None else Instant(float(occurrence))
    return ScheduleRow(
        schedule=schedules.decode(body),
        paused=bool(paused),
        position=SchedulePosition(occurrence=at, wake=wake, noticed=bool(noticed)),
    )


def _values(record: Record) -> dict[str, Any]:
    return {
        **{name: getattr(record, name) for name in COLUMNS},
        "occurrence": int(record.occurrence),
        "state": record.state.value,
    }


def _record(row: tuple[Any, ...]) -> Record:
    values = dict(zip(COLUMNS, row, strict=True))
    values["occurrence"] = float(values["occurrence"])
    values["state"] = State(values["state"])
    return Record(**values)
