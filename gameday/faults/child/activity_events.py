"""Report each activity of an experiment as it starts and ends.

This is an event handler, not a control: chaoslib skips controls from the settings at method and rollback
level when the experiment declares its own, calls an experiment's controls twice elsewhere, and drops a
control whose module can't be imported with a debug line.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from chaoslib.run import RunEventHandler

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.values import FaultId, Seconds
from gameday.faults.child.connection import ChildConnection
from gameday.faults.child.loaded_experiment import Json
from gameday.system import clock, known_secrets


class ActivityReporter(RunEventHandler):  # type: ignore[misc]  # chaoslib carries no types
    """Reports each activity as it starts and ends.

    Nothing here may raise: chaoslib swallows the exceptions of handlers at debug level.
    """

    def __init__(self, connection: ChildConnection, fault: FaultId, by: str, attempt: int = 1) -> None:
        self.connection = connection
        self.fault = fault
        self.by = by
        self.attempt = attempt
        self.stage = "hypothesis-before"
        self.redactor = known_secrets.redactor()
        self.touched = False
        self.injected = False
        self.rolling = False
        self.uncertain = 0
        """How many actions of the method have started and not succeeded."""
        self.open: set[str] = set()
        """The activities of the method that have not ended."""
        self._continuous: int | None = None

    def start_activity(self, activity: Json) -> None:
        """Report that an activity starts; the first action of the method is the fault."""
        # The clock is read before any report: T0 is the start of the first action.
        stage, name, at = self._stage(), str(activity.get("name", "")), clock.now()
        if stage == "rollback" and not self.rolling:
            self.rolling = True
            self.connection.report(ev.RevertAttempted(fault=self.fault, attempt=self.attempt, by=self.by), at)
        if stage == "method":
            self.touched = True
            self.open.add(name)
            # Taken back when it succeeds. One that hangs, fails or is cut off may still reach the target.
            self.uncertain += activity["type"] == "action"
            if activity["type"] == "action" and not self.injected:
                self.injected = True
                self.connection.report(ev.FaultInjected(fault=self.fault, action=name), at)
        started = ev.ActivityStarted(
            fault=self.fault,
            stage=stage,
            activity=name,
            kind=activity["type"],
            background=bool(activity.get("background")),
        )
        self.connection.report(started, at, limit_of(activity))

    def activity_completed(self, activity: Json, run: Json) -> None:
        """Report that an activity has ended, with an excerpt of its output."""
        name = str(activity.get("name", ""))
        self.open.discard(name)
        finished = ev.ActivityFinished(
            fault=self.fault,
            stage=self._stage(),
            activity=name,
            kind=activity["type"],
            # chaoslib gives interrupted activities no status.
            status=run.get("status", "failed"),
            output=self.redactor.excerpt(run.get("output")),
            # chaoslib keeps a traceback as a list of texts; the last one names the error.
            error=self.redactor.excerpt("".join((run.get("exception") or [])[-1:]).strip()),
        )
        self.uncertain -= exposure.injected(finished)
        self.connection.report(finished, clock.now())

    def start_continuous_hypothesis(self, frequency: int) -> None:  # noqa: ARG002  # chaoslib's signature
        """Note the thread that evaluates a continuous hypothesis: its probes are not the method's."""
        self._continuous = threading.get_ident()

    def _stage(self) -> str:
        during = self._continuous is not None and threading.get_ident() == self._continuous
        return "hypothesis-during" if during else self.stage


def limit_of(activity: Mapping[str, Any]) -> Seconds | None:
    """Give the time limit that an activity declares; chaoslib validates it but never enforces it."""
    declared = activity.get("timeout")
    return float(declared) if isinstance(declared, int | float) else None
