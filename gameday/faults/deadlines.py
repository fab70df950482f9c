"""Keeps the time limits of the activities that a Chaos Toolkit process has started.

Comes in: facts that activities started and ended. Goes out: which one is overdue.
Does not: end anything. chaoslib validates an activity's `timeout` and never uses it; this does.
"""

from __future__ import annotations

from gameday.core.facts import drill as ev
from gameday.core.values import Seconds
from gameday.faults.child_protocol import Message, ReportedFact
from gameday.system import clock

ACTIVITY: Seconds = 3600.0
"""The limit of an activity of the method or the hypothesis that declares none; the drill has its own."""
ROLLBACK: Seconds = 60.0
"""The limit of a rollback that declares none."""


class Deadlines:
    """The open activities of one process, by stage and name."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], tuple[float, Seconds]] = {}

    def note(self, message: Message) -> None:
        """Take a message of the process's."""
        match message:
            case ReportedFact(fact=ev.ActivityStarted() as started, limit=limit):
                if limit is None and started.background:
                    return  # it may go on for the whole drill
                if limit is None:
                    limit = ROLLBACK if started.stage == "rollback" else ACTIVITY
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
        """Say which activity is overdue; empty while none is."""
        now = clock.monotonic()
        for (stage, activity), (end, limit) in self._open.items():
            if now >= end:
                return f"{stage} activity {activity} did not end within {limit:g} s"
        return ""
