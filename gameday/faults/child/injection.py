"""Run one experiment, unchanged except that its rollbacks always run, and that the fault is held.

By default, chaoslib skips the rollbacks of an experiment that failed or was interrupted, and those of one
whose after-hypothesis raised: the strategy is therefore `always`. The fault is held in an event handler, not
in a control; see `activity_events` for why. chaoslib swallows every Exception of a handler; SystemExit
passes, and is what ends a method early.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from chaoslib.experiment import ensure_experiment_is_valid, run_experiment
from chaoslib.types import Strategy

from gameday.core import exposure
from gameday.core.errors import Stopped
from gameday.core.facts import drill as ev
from gameday.core.values import Seconds
from gameday.faults import experiments
from gameday.faults.child import run_options
from gameday.faults.child.activity_events import ActivityReporter
from gameday.faults.child.connection import ChildConnection
from gameday.faults.child.loaded_experiment import Json, Loaded, drop_controls, parse
from gameday.faults.child.probes import detail
from gameday.faults.child.still_exposed import PROBE_LIMIT, URGENT_PROBE_LIMIT, Exposure
from gameday.faults.child.verdict import RollbackVerdict
from gameday.formats.text.plain_json import mapping, plain, plain_text
from gameday.system import clock
from gameday.system.descent import fence
from gameday.system.descent.method import MethodProcesses

ORPHAN_GRACE: Seconds = 1.0
"""Seconds from the parent's death until the rollbacks must have begun; else the process starts over."""


class Injection(ActivityReporter):
    """Runs with one experiment: holds the fault after the method, and never lets it end without rollbacks."""

    def __init__(
        self, connection: ChildConnection, request: Json, experiment: Json, journal: Path, drill: str
    ) -> None:
        super().__init__(connection, request["fault"], by="keeper")
        self._request = request
        # A copy: a control may change the experiment that chaoslib runs, down to its rollbacks.
        self._experiment = copy.deepcopy(experiment)
        self.by_probe = not experiments.has_action(self._experiment)
        self._path = journal
        self._journal: Json = {}
        self._released = threading.Event()
        self._stopping = self._orphaned_now = False
        self._verdict: RollbackVerdict | None = None
        self._settled = False
        self._met_during: bool | None = None
        self._drill = drill
        leaving = experiments.leaves_running(self._experiment)
        self._processes = MethodProcesses(drill, self.fault, leaving)

    # Requests from outside.

    def release(self) -> None:
        """End the hold, or skip it if it has not begun yet."""
        self._released.set()

    def orphaned(self) -> None:
        """Roll back because the parent is gone; start over with the rollbacks if the method does not stop."""
        self._orphaned_now = True
        # Python runs signal handlers in the main thread, which is where the method must be left. The signal
        # does not arrive while an activity swallows it or while chaoslib waits for a continuous hypothesis'
        # period.
        os.kill(os.getpid(), signal.SIGUSR1)
        clock.sleep(ORPHAN_GRACE)
        # An untouched target needs no rollbacks, and those that have begun go on without the parent.
        if self.touched and self.stage != "rollback":
            self._start_over()

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Leave the method for the rollbacks on the first ending signal, and ignore further ones.

        In chaoslib, a second signal during the rollbacks would skip the rest of them.
        """
        if not self._stopping and self.stage != "rollback":
            self._stopping = True
            raise Stopped(20)  # what chaoslib raises for SIGUSR1, a SystemExit: leave, and roll back

    # Events from chaoslib.

    def started(self, experiment: Json, journal: Json) -> None:  # noqa: ARG002  # chaoslib's signature
        """Keep the journal."""
        self._journal = journal

    def running(self, _experiment: Json, _journal: Json, configuration: Json, secrets: Json, *_: Any) -> None:
        """Take over the signals from chaoslib.

        Its own handler lets a Python activity swallow SIGTERM: the activity fails, and the next fault is
        injected. SIGUSR2 and SIGHUP would end the process without rollbacks.
        """
        loaded = Loaded(self._experiment, configuration, secrets)
        self.redactor = loaded.redactor()
        declared = tuple(self._experiment.get("rollbacks") or ())
        self._verdict = RollbackVerdict(
            self.connection, Exposure(self.connection, self.fault, loaded), declared
        )
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.stop)

    def hypothesis_before_completed(self, experiment: Json, state: Json, journal: Json) -> None:  # noqa: ARG002  # chaoslib's signature
        """Report why nothing will be injected when the steady state is not met."""
        # chaoslib then injects nothing, yet plays the rollbacks and ends as `completed` with exit code 0.
        if not mapping(state).get("steady_state_met"):
            self._report_steady_state("before", state)
            error = f"the steady state is not met: {self.redactor.excerpt(detail(state))}"
            self.connection.report(ev.FaultFailed(fault=self.fault, error=error, definite=True), clock.now())

    def start_method(self, experiment: Json) -> None:  # noqa: ARG002  # chaoslib's signature
        """Probe whether the fault is in force before anything is done."""
        self.stage = "method"  # before the probe: a signal from here on must lead to the rollbacks
        with self._reporting_errors():
            self._processes.begin()
        if self._verdict is not None:
            self._verdict.exposure.ask("before-inject", limit=PROBE_LIMIT)

    def start_activity(self, activity: Json) -> None:
        """Refuse to start another activity of the method after a signal: the last may have swallowed it."""
        if self._stopping and self.stage == "method":
            raise Stopped(20)
        super().start_activity(activity)
        if self._stage() == "method":
            with self._reporting_errors():
                self._processes.started(activity)

    def activity_completed(self, activity: Json, run: Json) -> None:
        """Report it, and save the journal so far: chaoslib writes it only at the end, if it gets there."""
        if self._stage() == "method":
            with self._reporting_errors():
                self._processes.completed(plain_text(activity.get("name")))
        super().activity_completed(activity, run)
        self.save()

    def method_completed(self, experiment: Json, state: Any = None) -> None:  # noqa: ARG002  # chaoslib's signature
        """Hold the fault until it is released.

        chaoslib calls this after an error, too, then without `state`: there is nothing to hold.
        """
        if state is None:
            return
        # Whoever waits for the fault must not wait forever: here no action has started, and none will.
        self.touched = True
        self.report_injected(*(self.first or ("", clock.now())))
        # The hold may last for minutes and end with SIGKILL: fact and journal are out before it begins.
        self.connection.report(ev.FaultHeld(fault=self.fault), clock.now())
        self.save()
        if self._verdict is not None:
            # With `before-inject`, this separates a fault without effect from one that users did not notice.
            self._verdict.exposure.ask("after-inject", limit=PROBE_LIMIT, want=True, settling=1.0)
        self.connection.send("holding")
        # No timeout of its own: the supervisor has the deadlines. A signal's `Stopped` is raised in here,
        # since this is the main thread.
        self._released.wait()

    def start_hypothesis_after(self, experiment: Json) -> None:  # noqa: ARG002  # chaoslib's signature
        """Note the stage."""
        self.stage = "hypothesis-after"

    def hypothesis_after_completed(self, experiment: Json, state: Json | None, journal: Json) -> None:  # noqa: ARG002  # chaoslib's signature
        """Report the steady state before the rollbacks: by it chaoslib says whether it has deviated."""
        self._report_steady_state(exposure.AFTER_METHOD, state)

    def continuous_hypothesis_iteration(self, iteration_index: int, state: Json | None) -> None:  # noqa: ARG002  # chaoslib's signature
        """Report the first answer of a continuous hypothesis, and each change of it."""
        met = mapping(state).get("steady_state_met")
        if met != self._met_during:
            self._met_during = met
            self._report_steady_state("during", state)

    def _report_steady_state(self, stage: str, state: Json | None) -> None:
        if state is None:  # no hypothesis
            return
        with self._reporting_errors():
            met, text = bool(state.get("steady_state_met")), self.redactor.excerpt(detail(state))
            self.connection.report(ev.SteadyStateChecked(stage=stage, met=met, detail=text), clock.now())

    def start_rollbacks(self, experiment: Json) -> None:
        """Drop the rollbacks where there is nothing to undo: nothing was started, or the team was faster.

        An action that was cut off, or that failed, may still reach the target: then the probe can't decide.
        An activity that goes on in another thread could inject after the rollbacks: this process must end
        first.
        """
        if self.open:
            self._end_all_threads()
        self.stage = "rollback"
        # Sent before the probe, which takes time: a child that has received SIGUSR1 and not sent this within
        # 0.2 s is killed.
        self.connection.send("rolling")
        with self._reporting_errors():
            ended = self._processes.end()
            self.connection.report_ended(self.fault, ended)
            if self._verdict is not None:
                self._verdict.left = fence.left_text(ended)
        if self._stopping:  # an abort's rollbacks wait for no control
            drop_controls(experiment)
        if self._verdict is None:
            return
        if not self.touched:
            self._verdict.report("never-injected")
        elif self.uncertain or not self._verdict.already(
            URGENT_PROBE_LIMIT if self._stopping else PROBE_LIMIT
        ):
            return
        self._settled = True
        # chaoslib reads the list only after this event, and with the strategy `always` plays what it holds.
        experiment["rollbacks"] = []

    def rollbacks_completed(self, experiment: Json, journal: Json) -> None:  # noqa: ARG002  # chaoslib's signature
        """Report the outcome."""
        if self._verdict is not None and not self._settled:
            self._settled = True
            self._verdict.judge(self.played)

    @contextlib.contextmanager
    def _reporting_errors(self) -> Iterator[None]:
        """Report an error instead of raising it: chaoslib would swallow it, and skip what comes after it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # whatever it is, the rollbacks have to be played
            text = f"{type(error).__name__}: {error}"
            self.connection.report(
                ev.InternalErrorOccurred(where="method processes", error=text), clock.now()
            )

    # The journal, and the end.

    def save(self) -> None:
        """Write the journal, redacted; its status is `interrupted` until the experiment has ended."""
        journal = {**self._journal, "status": self._journal.get("status") or "interrupted"}
        text = json.dumps(self.redactor.tree(plain(journal)), indent=2, ensure_ascii=False)
        # Renamed into place: SIGKILL may come at any time, and must not leave half a journal.
        unfinished = self._path.with_name(f".{self._path.name}.part")
        with contextlib.suppress(OSError):  # a full disk must not keep the fault in force
            self._path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(self._path)

    def _end_all_threads(self) -> NoReturn:
        """Leave the rollbacks to the keeper; play them here, in a fresh process, where the keeper is gone."""
        if self._orphaned_now:
            self._start_over()
        os._exit(1)  # sys.exit would wait for the threads

    def _start_over(self) -> NoReturn:
        """Become a process that only plays the rollbacks: exec ends every thread that would not stop.

        The command to play them is on its stdin, which a file in memory replaces.
        """
        # Without asking the probe: the activity that did not stop may reach the target after its answer.
        play = {"do": "play", "request": self._request, "attempt": 1, "by": self.by, "ask": False}
        # Exec ends the threads: what the method has started is ended only after it, when nothing starts more.
        play["fence"] = self._drill
        commands = os.memfd_create("commands", 0)
        os.write(commands, json.dumps(play).encode() + b"\n")
        os.lseek(commands, 0, os.SEEK_SET)
        # dup2's copies survive exec, os.dup's do not. Descriptor 1 has pointed at stderr since
        # ChildConnection was made.
        os.dup2(commands, 0)
        os.dup2(self.connection.out, 1)
        # orig_argv still has -P and -m, which sys.argv has lost.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # ourselves


def inject(connection: ChildConnection, command: Json, commands: Iterator[Json]) -> None:
    """Run an experiment to its end; its rollbacks always run."""
    request = command["request"]
    options = run_options.parse(request.get("options", ""))
    # In the order of `chaos run`: files of values may set variables, and controls come before the experiment.
    values = options.values()
    settings = options.load_controls()
    experiment = parse(request["experiment"], request["path"])
    ensure_experiment_is_valid(experiment)
    experiment["dry"] = None  # as `chaos run` does, whatever the file says
    run = Injection(connection, request, experiment, Path(command["journal"]), command["drill"])
    # chaoslib keeps the main thread, which handles signals; commands are read in another.
    threading.Thread(target=_obey_commands, args=(run, commands), daemon=True).start()
    # chaoslib reads the rollbacks' strategy from these settings only, not from the experiment's runtime.
    strategies = {**settings.get("runtime", {}), **(experiment.get("runtime") or {})}
    strategy = options.hypothesis or strategies.get("hypothesis", {}).get("strategy", "default")
    settings["runtime"] = {**strategies, "rollbacks": {"strategy": "always"}}
    journal = run_experiment(
        experiment,
        settings=settings,
        experiment_vars=values,
        strategy=Strategy.from_string(strategy),
        schedule=options.schedule(),
        event_handlers=[run],
    )
    # Again, because the journal has its final status only now.
    run.save()
    connection.send("ended", status=plain_text(journal.get("status")), deviated=bool(journal.get("deviated")))


def _obey_commands(run: Injection, commands: Iterator[Json]) -> None:
    for command in commands:
        if command["do"] == "release":
            run.release()
    # End of file on stdin: the parent is gone.
    run.orphaned()
