"""Tells each activity of an experiment as it starts and ends, through chaoslib's event handlers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from chaoslib.run import RunEventHandler

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.values import FaultId, Seconds
from gameday.faults.child.loaded_experiment import Json
from gameday.faults.child_connection import ChildConnection
from gameday.system import clock, known_secrets


class ActivityReporter(RunEventHandler):  # type: ignore[misc]  # chaoslib carries no types
    """Tells each activity as it starts and ends. chaoslib swallows what handlers raise: nothing here does."""

    def __init__(self, line: ChildConnection, fault: FaultId, by: str, attempt: int = 1) -> None:
        self.line = line
        self.fault = fault
        self.by = by
        self.attempt = attempt
        self.stage = "hypothesis-before"
        self.redactor = known_secrets.known()
        self.touched = False
        self.injected = False
        self.rolling = False
        self.unsure = 0
        """How many actions of the method have started and not ended well."""
        self.open: set[str] = set()
        """The activities of the method that have not ended."""
        self._continuous: int | None = None

    def start_activity(self, activity: Json) -> None:
        """Tell that an activity starts; the first action of the method is the fault."""
        stage, name, at = self._stage(), str(activity.get("name", "")), clock.now()
        if stage == "rollback" and not self.rolling:
            self.rolling = True
            self.line.tell(ev.RevertAttempted(fault=self.fault, attempt=self.attempt, by=self.by), at)
        if stage == "method":
            self.touched = True
            self.open.add(name)
            self.unsure += activity["type"] == "action"
            if activity["type"] == "action" and not self.injected:
                self.injected = True
                self.line.tell(ev.FaultInjected(fault=self.fault, action=name), at)
        started = ev.ActivityStarted(
            fault=self.fault,
            stage=stage,
            activity=name,
            kind=activity["type"],
            background=bool(activity.get("background")),
        )
        self.line.tell(started, at, limit_of(activity))

    def activity_completed(self, activity: Json, run: Json) -> None:
        """Tell that an activity has ended, with an excerpt of what it gave."""
        name = str(activity.get("name", ""))
        self.open.discard(name)
        finished = ev.ActivityFinished(
            fault=self.fault,
            stage=self._stage(),
            activity=name,
            kind=activity["type"],
            status=run.get("status", "failed"),
            output=self.redactor.excerpt(run.get("output")),
            error=self.redactor.excerpt("".join((run.get("exception") or [])[-1:]).strip()),
        )
        self.unsure -= exposure.injected(finished)
        self.line.tell(finished, clock.now())

    def start_continuous_hypothesis(self, frequency: int) -> None:  # noqa: ARG002  # chaoslib's signature
        """Note the thread that judges the hypothesis beside the method."""
        self._continuous = threading.get_ident()

    def _stage(self) -> str:
        during = self._continuous is not None and threading.get_ident() == self._continuous
        return "hypothesis-during" if during else self.stage


def limit_of(activity: Mapping[str, Any]) -> Seconds | None:
    """Give the time limit that an activity declares; chaoslib validates it and never uses it."""
    declared = activity.get("timeout")
    return float(declared) if isinstance(declared, int | float) else None
