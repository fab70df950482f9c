"""Report each activity of an experiment as it starts and ends.

This is an event handler, not a control: chaoslib skips controls from the settings at method and rollback
level when the experiment declares its own, calls an experiment's controls twice elsewhere, and drops a
control whose module can't be imported with a debug line.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from typing import Any

from chaoslib.run import RunEventHandler

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.values import FaultId, Instant, Seconds
from gameday.faults.child.connection import ChildConnection
from gameday.faults.child.loaded_experiment import Json
from gameday.faults.child.verdict import PlayedRollback, failure_of, last_error
from gameday.formats.text.plain_json import plain, plain_text
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
        self.by_probe = False
        """The method has no action: its first probe is the fault."""
        self.first: tuple[str, Instant] | None = None
        """The first activity of the method, and when it started."""
        self.played: list[PlayedRollback] = []
        """The rollbacks that have started."""
        self.uncertain = 0
        """How many actions of the method have started and not succeeded."""
        self.open: set[str] = set()
        """The activities of the method that have not ended."""
        self._continuous: int | None = None

    def start_activity(self, activity: Json) -> None:
        """Report that an activity starts; the first action of the method is the fault."""
        # The clock is read before any report: T0 is the start of the first action.
        stage, name, kind, at = self._stage(), _name(activity), plain_text(activity.get("type")), clock.now()
        if stage == "rollback":
            if not self.played:
                attempted = ev.RevertAttempted(fault=self.fault, attempt=self.attempt, by=self.by)
                self.connection.report(attempted, at)
            self.played.append(PlayedRollback(name))
        if stage == "method":
            self.open.add(name)
            # Taken back when it succeeds. One that hangs, fails or is cut off may still reach the target.
            self.uncertain += kind == "action"
            if not self.touched:
                self.touched = True
                self.first = (name, at)
            if kind == "action" or self.by_probe:
                self.report_injected(name, at)
        started = ev.ActivityStarted(
            fault=self.fault,
            stage=stage,
            activity=name,
            kind=kind,
            background=bool(activity.get("background")),
        )
        self.connection.report(started, at, limit_of(activity))

    def report_injected(self, name: str, at: Instant) -> None:
        """Report that the fault is injected, unless that was reported already."""
        if not self.injected:
            self.injected = True
            self.connection.report(ev.FaultInjected(fault=self.fault, action=name), at)

    def activity_completed(self, activity: Json, run: Json) -> None:
        """Report that an activity has ended, with an excerpt of its output."""
        name = _name(activity)
        self.open.discard(name)
        for rollback in self.played:
            if rollback.name == name and rollback.failure is None and self.stage == "rollback":
                rollback.failure = failure_of(run)
                break
        finished = ev.ActivityFinished(
            fault=self.fault,
            stage=self._stage(),
            activity=name,
            kind=plain_text(activity.get("type")),
            # chaoslib gives interrupted activities no status.
            status=plain_text(run.get("status") or "failed"),
            output=self.redactor.excerpt(plain(run.get("output"))),
            error=self.redactor.excerpt(last_error(run)),
        )
        self.uncertain -= exposure.injected(finished)
        self.connection.report(finished, clock.now())

    def start_continuous_hypothesis(self, frequency: int) -> None:  # noqa: ARG002  # chaoslib's signature
        """Note the thread that evaluates a continuous hypothesis: its probes are not the method's."""
        self._continuous = threading.get_ident()

    def _stage(self) -> str:
        during = self._continuous is not None and threading.get_ident() == self._continuous
        return "hypothesis-during" if during else self.stage


def _name(activity: Mapping[str, Any]) -> str:
    return plain_text(activity.get("name"))


def limit_of(activity: Mapping[str, Any]) -> Seconds | None:
    """Give the time limit that an activity declares; chaoslib validates it but never enforces it."""
    declared = activity.get("timeout")
    if not isinstance(declared, int | float) or isinstance(declared, bool):
        return None
    # NaN compares with nothing: as a limit it would never be over.
    return float(declared) if math.isfinite(declared) else None
