"""Track the time limits of the activities that a Chaos Toolkit process has started.

chaoslib validates an activity's `timeout` but never enforces it. This finds what is overdue; ending it is for
the supervisor.
"""

from __future__ import annotations

from gameday.core.facts import drill as ev
from gameday.core.values import Seconds
from gameday.faults.child_protocol import Message, ReportedFact
from gameday.system import clock

DEFAULT_LIMIT: Seconds = 3600.0
"""For an activity of the method or the hypothesis without a limit; the drill's time box ends most earlier."""
DEFAULT_ROLLBACK_LIMIT: Seconds = 60.0


class Deadlines:
    """The open activities of one process, by stage and name."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], tuple[float, Seconds]] = {}

    def note(self, message: Message) -> None:
        """Take note of a message from the process."""
        match message:
            case ReportedFact(fact=ev.ActivityStarted() as started, limit=limit):
                if limit is None and started.background:
                    return  # it may run for the whole drill
                if limit is None:
                    limit = DEFAULT_ROLLBACK_LIMIT if started.stage == "rollback" else DEFAULT_LIMIT
                self._open[started.stage, started.activity] = (clock.monotonic() + limit, limit)
            case ReportedFact(fact=ev.ActivityFinished() as finished):
                self._open.pop((finished.stage, finished.activity), None)
            case _:
                pass

    def left(self) -> Seconds | None:
        """Give the seconds until the next one is overdue, 0 when one is; None when nothing is open."""
        ends = [end for end, _ in self._open.values()]
        return max(0.0, min(ends) - clock.monotonic()) if ends else None

    def overdue(self) -> str:
        """Describe the activity that is overdue; empty while none is."""
        now = clock.monotonic()
        for (stage, activity), (end, limit) in self._open.items():
            if now >= end:
                return f"{stage} activity {activity} did not end within {limit:g} s"
        return ""
