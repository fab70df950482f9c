"""Runs one experiment, unchanged but for one thing: its rollbacks always run.

Comes in: a FaultRequested as JSON, commands, signals. Goes out: facts, the hold, the journal.

An event handler holds the fault, not a control: chaoslib skips controls from the settings at method
and rollback level when the experiment declares its own. What a handler raises is swallowed at debug
level, except what is no Exception; so nothing here raises but SystemExit, which is meant.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from chaoslib.control import load_global_controls
from chaoslib.experiment import ensure_experiment_is_valid, run_experiment
from chaoslib.settings import load_settings
from chaoslib.types import Strategy

from gameday.core.facts import drill as ev
from gameday.core.values import Seconds
from gameday.faults.child.activity_events import ActivityReporter
from gameday.faults.child.loaded_experiment import Json, Loaded, parse
from gameday.faults.child.probes import detail
from gameday.faults.child.still_exposed import HURRY, PROBE_LIMIT, Exposure
from gameday.faults.child.verdict import RollbackVerdict
from gameday.faults.child_connection import ChildConnection
from gameday.system import clock

ORPHAN_PATIENCE: Seconds = 1.0
"""Seconds after the parent's death by which rollbacks must have begun, else the process starts over."""


class Injection(ActivityReporter):
    """Runs with one experiment: holds the fault after the method, and never lets it end without rollbacks."""

    def __init__(self, line: ChildConnection, request: Json, journal: Path) -> None:
        super().__init__(line, request["fault"], by="keeper")
        self._request = request
        self._path = journal
        self._journal: Json = {}
        self._released = threading.Event()
        self._stopping = self._alone = False
        self._verdict: RollbackVerdict | None = None
        self._declared: Sequence[Mapping[str, Any]] = ()
        self._settled = False

    # What the outside asks for.

    def release(self) -> None:
        """End the hold, or the one that is still to come."""
        self._released.set()

    def orphaned(self) -> None:
        """Roll back, because the parent is gone; start over with the rollbacks if the method won't stop."""
        self._alone = True
        os.kill(os.getpid(), signal.SIGUSR1)
        clock.sleep(ORPHAN_PATIENCE)
        if self.touched and self.stage != "rollback":
            self._start_over()

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Leave the method for the rollbacks, on the first of any ending signal; the others are ignored."""
        if not self._stopping and self.stage != "rollback":
            self._stopping = True
            raise SystemExit(20)  # what chaoslib raises for SIGUSR1: leave, and roll back

    # What chaoslib tells.

    def started(self, experiment: Json, journal: Json) -> None:  # noqa: ARG002  # chaoslib's signature
        """Keep the journal at hand."""
        self._journal = journal

    def running(self, experiment: Json, _journal: Json, configuration: Json, secrets: Json, *_: Any) -> None:
        """Take over the signals from chaoslib: SIGTERM would be swallowed and the next fault injected."""
        loaded = Loaded(experiment, configuration, secrets)
        self.redactor = loaded.redactor()
        self._declared = tuple(experiment.get("rollbacks") or ())
        self._verdict = RollbackVerdict(self.line, Exposure(self.line, self.fault, loaded), self._declared)
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.stop)

    def hypothesis_before_completed(self, experiment: Json, state: Json, journal: Json) -> None:  # noqa: ARG002  # chaoslib's signature
        """Tell why nothing will be injected when the steady state is not met."""
        if not state["steady_state_met"]:
            error = f"the steady state is not met: {self.redactor.excerpt(detail(state))}"
            self.line.tell(ev.FaultFailed(fault=self.fault, error=error, definite=True), clock.now())

    def start_method(self, experiment: Json) -> None:  # noqa: ARG002  # chaoslib's signature
        """Ask whether the fault is in force before anything is done."""
        self.stage = "method"  # first of all: what comes next counts as touched, whatever the probe does
        if self._verdict is not None:
            self._verdict.exposure.ask("before-inject", limit=PROBE_LIMIT)

    def start_activity(self, activity: Json) -> None:
        """Refuse to start another activity of the method once it is to stop."""
        if self._stopping and self.stage == "method":
            raise SystemExit(20)
        super().start_activity(activity)

    def activity_completed(self, activity: Json, run: Json) -> None:
        """Tell it, and save the journal as far as it goes."""
        super().activity_completed(activity, run)
        self.save()

    def method_completed(self, experiment: Json, state: Any = None) -> None:  # noqa: ARG002  # chaoslib's signature
        """Hold the fault until it is released; without `state` the method ended in an error."""
        if state is None:
            return
        self.line.tell(ev.FaultHeld(fault=self.fault), clock.now())
        self.save()
        if self._verdict is not None:
            self._verdict.exposure.ask("after-inject", limit=PROBE_LIMIT, want=True, settling=1.0)
        self.line.say("holding")
        self._released.wait()

    def start_hypothesis_after(self, experiment: Json) -> None:  # noqa: ARG002  # chaoslib's signature
        """Note the stage."""
        self.stage = "hypothesis-after"

    def start_rollbacks(self, experiment: Json) -> None:
        """Empty the rollbacks where there is nothing to undo: nothing was started, or the team was faster.

        An action that was cut off, or that failed, may still reach the target: then nobody is asked.
        While an activity goes on in another thread it could inject after them: this process must end first.
        """
        if self.open:
            self._end_all_threads()
        self.stage = "rollback"
        self.line.say("rolling")
        if self._verdict is None:
            return
        if not self.touched:
            self._verdict.say("never-injected")
        elif self.unsure or not self._verdict.already(HURRY if self._stopping else PROBE_LIMIT):
            return
        self._settled = True
        experiment["rollbacks"] = []

    def rollbacks_completed(self, experiment: Json, journal: Json) -> None:  # noqa: ARG002  # chaoslib's signature
        """Say what they came to."""
        if self._verdict is not None and not self._settled:
            self._settled = True
            self._verdict.judge(journal.get("rollbacks") or ())

    # And what it leaves.

    def save(self) -> None:
        """Write the journal, redacted; it says interrupted until the experiment has ended."""
        journal = {**self._journal, "status": self._journal.get("status") or "interrupted"}
        text = json.dumps(self.redactor.tree(journal), indent=2, ensure_ascii=False)
        unfinished = self._path.with_name(f".{self._path.name}.part")
        with contextlib.suppress(OSError):  # a full disk must not keep the fault in force
            self._path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(self._path)

    def _end_all_threads(self) -> NoReturn:
        """Leave the rollbacks to the ledger, or become them where nobody is left to play it."""
        if self._alone:
            self._start_over()
        os._exit(1)

    def _start_over(self) -> NoReturn:
        """Become a process that only plays the rollbacks: exec ends every thread that would not stop."""
        play = {"do": "play", "request": self._request, "attempt": 1, "by": self.by, "ask": False}
        commands = os.memfd_create("commands", 0)
        os.write(commands, json.dumps(play).encode() + b"\n")
        os.lseek(commands, 0, os.SEEK_SET)
        os.dup2(commands, 0)
        os.dup2(self.line.out, 1)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # ourselves


def inject(line: ChildConnection, command: Json, commands: Iterator[Json]) -> None:
    """Run an experiment to its end, unchanged but for one thing: its rollbacks always run."""
    request = command["request"]
    experiment = parse(request["experiment"], request["path"])
    settings = load_settings() or {}
    load_global_controls(settings)
    ensure_experiment_is_valid(experiment)
    run = Injection(line, request, Path(command["journal"]))
    threading.Thread(target=_obey, args=(run, commands), daemon=True).start()
    strategies = {**settings.get("runtime", {}), **(experiment.get("runtime") or {})}
    strategy = strategies.get("hypothesis", {}).get("strategy", "default")
    settings["runtime"] = {**strategies, "rollbacks": {"strategy": "always"}}
    journal = run_experiment(
        experiment, settings=settings, strategy=Strategy.from_string(strategy), event_handlers=[run]
    )
    run.save()
    line.say("ended", status=journal["status"], deviated=bool(journal["deviated"]))


def _obey(run: Injection, commands: Iterator[Json]) -> None:
    for command in commands:
        if command["do"] == "release":
            run.release()
    run.orphaned()
