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
    """The result of an attempt to claim an occurrence."""

    WON = "won"
    TAKEN = "taken"
    BUSY = "busy"


class ScheduleStore(Protocol):
    """Schedules, and what became of their occurrences. Every method may raise StoreUnavailable."""

    def add(self, row: ScheduleRow) -> bool:
        """Add a schedule; False: its id is taken."""
        ...

    def row(self, schedule: schedules.ScheduleId) -> ScheduleRow:
        """Give a schedule. Raises LookupError."""
        ...

    def rows(self) -> Sequence[ScheduleRow]:
        """List the schedules by id."""
        ...

    def pause(self, schedule: schedules.ScheduleId, *, paused: bool) -> bool:
        """Pause or resume a schedule; False: no such schedule."""
        ...

    def remove(self, schedule: schedules.ScheduleId) -> bool:
        """Remove a schedule, but keep its records; False: no such schedule."""
        ...

    def waking(self, until: Instant, *, most: int = 200) -> Sequence[ScheduleRow]:
        """List the schedules that need a look by `until`, the earliest first; `most` of them."""
        ...

    def next_wake(self) -> Instant | None:
        """Give the instant at which the next schedule needs a look."""
        ...

    def move(self, row: ScheduleRow, position: schedules.SchedulePosition) -> bool:
        """Move a schedule to its next position; False: another process moved it since `row` was read."""
        ...

    def claim(
        self, record: schedules.Record, row: ScheduleRow, position: schedules.SchedulePosition
    ) -> Claim:
        """Claim an occurrence, which can be claimed only once, and move its schedule on, in one transaction.

        BUSY: another occurrence on this environment is claimed or started. A claim that ran out counts until
        somebody settles it. Nothing is changed then.
        """
        ...

    def settle(
        self, records: Sequence[schedules.Record], row: ScheduleRow, position: schedules.SchedulePosition
    ) -> int:
        """Record occurrences that were missed, each once, and move their schedule on, in one transaction.

        Gives how many were recorded; the others had a record already.
        """
        ...

    def change(self, old: schedules.Record, new: schedules.Record) -> bool:
        """Replace a record if its state, holder and until are still those of `old`; False: they are not."""
        ...

    def record(self, schedule: schedules.ScheduleId, occurrence: Instant) -> schedules.Record | None:
        """Give what became of an occurrence."""
        ...

    def records(self, schedule: str = "", *, most: int = 1000) -> Sequence[schedules.Record]:
        """List the records of one schedule, or of all, the latest occurrence first."""
        ...

    def abandoned(self, now: Instant) -> Sequence[schedules.Record]:
        """List the claimed and started occurrences whose claims ran out."""
        ...

    def approve(
        self, schedule: schedules.ScheduleId, occurrence: Instant, approval: schedules.Approval
    ) -> None:
        """Keep one person's approval; each person's first counts."""
        ...

    def approvals(self, schedule: schedules.ScheduleId, occurrence: Instant) -> Sequence[schedules.Approval]:
        """List who approved an occurrence."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
