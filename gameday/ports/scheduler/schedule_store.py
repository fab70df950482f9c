"""The store of schedules and of what became of their occurrences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from gameday.core.values import Instant

if TYPE_CHECKING:
    from gameday.core.plans import schedule as schedules


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleRow:
    """A schedule as the store holds it."""

    schedule: schedules.Schedule
    position: schedules.SchedulePosition
    paused: bool = False


class Claim(StrEnum):
    """What became of an attempt to claim an occurrence."""

    WON = "won"
    TAKEN = "taken"
    BUSY = "busy"


class ScheduleStore(Protocol):
    """Schedules, and what became of their occurrences. Every method may raise StoreUnavailable."""

    def add(self, row: ScheduleRow) -> bool:
        """Keep a schedule; False: one of that id is there."""
        ...

    def row(self, schedule: schedules.ScheduleId) -> ScheduleRow:
        """Give a schedule. Raises LookupError."""
        ...

    def rows(self) -> Sequence[ScheduleRow]:
        """List the schedules by id."""
        ...

    def pause(self, schedule: schedules.ScheduleId, *, paused: bool) -> bool:
        """Pause or resume a schedule; False: there is none."""
        ...

    def remove(self, schedule: schedules.ScheduleId) -> bool:
        """Forget a schedule, not what became of its occurrences; False: there is none."""
        ...

    def waking(self, until: Instant, *, most: int = 200) -> Sequence[ScheduleRow]:
        """List the schedules to be looked at by `until`, the earliest first."""
        ...

    def next_wake(self) -> Instant | None:
        """Give the instant at which the next schedule has to be looked at."""
        ...

    def move(self, row: ScheduleRow, position: schedules.SchedulePosition) -> bool:
        """Move a schedule on; once, for the row as it was read: False when another was quicker."""
        ...

    def claim(
        self, record: schedules.Record, row: ScheduleRow, position: schedules.SchedulePosition
    ) -> Claim:
        """Claim an occurrence, once for ever, and move its schedule on, in one transaction.

        BUSY: another occurrence on this environment is claimed or started, even if its claim ran out: who
        finds that it did has to settle it first. Nothing is changed then.
        """
        ...

    def settle(
        self, records: Sequence[schedules.Record], row: ScheduleRow, position: schedules.SchedulePosition
    ) -> int:
        """Record occurrences that were missed, each once, and move their schedule on, in one transaction.

        Gives how many were recorded; others had a record.
        """
        ...

    def change(self, old: schedules.Record, new: schedules.Record) -> bool:
        """Replace a record that is still as it was read (state, holder, until); False: it is not."""
        ...

    def record(self, schedule: schedules.ScheduleId, occurrence: Instant) -> schedules.Record | None:
        """Give what became of an occurrence."""
        ...

    def records(self, schedule: str = "", *, most: int = 1000) -> Sequence[schedules.Record]:
        """List what became of occurrences, of one schedule or all, the latest first."""
        ...

    def abandoned(self, now: Instant) -> Sequence[schedules.Record]:
        """List the records, claimed or started, whose claims ran out."""
        ...

    def approve(
        self, schedule: schedules.ScheduleId, occurrence: Instant, approval: schedules.Approval
    ) -> None:
        """Keep one person's yes; the first of a person counts."""
        ...

    def approvals(self, schedule: schedules.ScheduleId, occurrence: Instant) -> Sequence[schedules.Approval]:
        """List who approved an occurrence."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...
