"""`ports.ScheduleStore` over any database that runs our statements: the one that holds the histories.

Comes in: schedules, claims, what became of occurrences. Goes out: the same, each occurrence once.
Does not: hold SQL (`storage.schedule_statements`), know which database it is, or decide what is due.
"""

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
"""A record's values in the order in which they are stored."""


class SqlScheduleStore:
    """Schedules in a database that any number of processes use."""

    def __init__(self, database: Executor) -> None:
        self._database = database

    def add(self, row: ScheduleRow) -> bool:
        """Keep a schedule; False: one of that id is there."""
        body = schedules.encode(row.schedule)
        values = {**_standing(row.schedule, row.standing), "body": body, "paused": int(row.paused)}
        return self._changed(sql.ADD, values)

    def row(self, schedule: ScheduleId) -> ScheduleRow:
        """Give a schedule. Raises LookupError."""
        found = self._database.rows(sql.ROW, schedule=schedule)
        if not found:
            raise LookupError(schedule)
        return _row(found[0])

    def rows(self) -> Sequence[ScheduleRow]:
        """List the schedules by id."""
        return [_row(found) for found in self._database.rows(sql.ROWS)]

    def pause(self, schedule: ScheduleId, *, paused: bool) -> bool:
        """Pause or resume a schedule; False: there is none."""
        return self._changed(sql.PAUSE, {"schedule": schedule, "paused": int(paused)})

    def remove(self, schedule: ScheduleId) -> bool:
        """Forget a schedule, not what became of its occurrences; False: there is none."""
        return self._changed(sql.REMOVE, {"schedule": schedule})

    def waking(self, until: Instant, *, most: int = 200) -> Sequence[ScheduleRow]:
        """List the schedules to be looked at by `until`, the earliest first."""
        return [_row(found) for found in self._database.rows(sql.WAKING, until=until, most=most)]

    def next_wake(self) -> Instant | None:
        """Give the instant at which the next schedule has to be looked at."""
        wake = self._database.rows(sql.NEXT_WAKE)[0][0]
        return None if wake is None else Instant(wake)

    def move(self, row: ScheduleRow, standing: SchedulePosition) -> bool:
        """Move a schedule on, for the row as it was read; False when another was quicker."""
        with self._database.write() as tx:
            return _moved(tx, row, standing)

    def claim(self, record: Record, row: ScheduleRow, standing: SchedulePosition) -> Claim:
        """Claim an occurrence, once for ever, and move its schedule on, in one transaction."""
        values = _values(record)
        with self._database.write() as tx:
            tx.execute(sql.LOCK_PLACE, {"environment": record.environment})
            if tx.execute(sql.STANDING, values).fetchone()[0]:
                return Claim.BUSY
            won = tx.execute(sql.RECORD_ONCE, values).rowcount == 1
            _moved(tx, row, standing)
        return Claim.WON if won else Claim.TAKEN

    def settle(self, records: Sequence[Record], row: ScheduleRow, standing: SchedulePosition) -> int:
        """Record occurrences that were missed, each once, and move their schedule on."""
        with self._database.write() as tx:
            counts = [tx.execute(sql.RECORD_ONCE, _values(record)).rowcount for record in records]
            _moved(tx, row, standing)
        return sum(counts)

    def change(self, old: Record, new: Record) -> bool:
        """Replace a record that is still as it was read; False: it is not."""
        was = {"was_state": old.state.value, "was_holder": old.holder, "was_until": old.until}
        return self._changed(sql.CHANGE, {**_values(new), **was})

    def record(self, schedule: ScheduleId, occurrence: Instant) -> Record | None:
        """Give what became of an occurrence."""
        found = self._database.rows(sql.RECORD, schedule=schedule, occurrence=int(occurrence))
        return _record(found[0]) if found else None

    def records(self, schedule: str = "", *, most: int = 1000) -> Sequence[Record]:
        """List what became of occurrences, of one schedule or all, the latest first."""
        return [_record(row) for row in self._database.rows(sql.RECORDS, schedule=schedule, most=most)]

    def abandoned(self, now: Instant) -> Sequence[Record]:
        """List the records, claimed or started, whose claims ran out."""
        found = [_record(row) for row in self._database.rows(sql.ABANDONED, now=now)]
        return sorted(found, key=lambda record: (record.occurrence, record.schedule))

    def approve(self, schedule: ScheduleId, occurrence: Instant, approval: Approval) -> None:
        """Keep one person's yes; the first of a person counts."""
        of = {"schedule": schedule, "occurrence": int(occurrence)}
        self._changed(sql.APPROVE, {**of, "person": approval.by, "given": approval.at})

    def approvals(self, schedule: ScheduleId, occurrence: Instant) -> Sequence[Approval]:
        """List who approved an occurrence."""
        rows = self._database.rows(sql.APPROVALS, schedule=schedule, occurrence=int(occurrence))
        return [Approval(by=person, at=given) for person, given in rows]

    def close(self) -> None:
        """Let go of the connection."""
        self._database.close()

    def _changed(self, statement: str, values: dict[str, Any]) -> bool:
        with self._database.write() as tx:
            return bool(tx.execute(statement, values).rowcount == 1)


def _moved(tx: Transaction, row: ScheduleRow, standing: SchedulePosition) -> bool:
    was = {"was": _whole(row.standing.occurrence), "was_noticed": int(row.standing.noticed)}
    return bool(tx.execute(sql.MOVE, {**_standing(row.schedule, standing), **was}).rowcount == 1)


def _standing(schedule: Schedule, standing: SchedulePosition) -> dict[str, Any]:
    return {
        "schedule": schedule.schedule,
        "occurrence": _whole(standing.occurrence),
        "wake": standing.wake,
        "noticed": int(standing.noticed),
    }


def _whole(at: Instant | None) -> int | None:
    return None if at is None else int(at)


def _row(found: tuple[Any, ...]) -> ScheduleRow:
    body, paused, occurrence, wake, noticed = found
    at = None if occurrence is None else Instant(float(occurrence))
    return ScheduleRow(
        schedule=schedules.decode(body),
        paused=bool(paused),
        standing=SchedulePosition(occurrence=at, wake=wake, noticed=bool(noticed)),
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
