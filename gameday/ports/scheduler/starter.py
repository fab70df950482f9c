"""Starting the drill of a claimed occurrence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gameday.ports.scheduler.started_drill import StartedDrill

if TYPE_CHECKING:
    from gameday.core.plans import schedule as schedules


class Starter(Protocol):
    """Starts drills."""

    def start(self, schedule: schedules.Schedule, record: schedules.Record) -> StartedDrill | None:
        """Start the drill of a claimed occurrence; the drill confirms the claim itself. Raises NotReady.

        None: it was handed to another host for good, and that host keeps the record from then on.
        """
        ...
