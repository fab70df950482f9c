"""Play the rollbacks of an experiment that another process injected.

The keeper starts this process before the injection, with the experiment's modules imported: after a crash,
importing them could take longer than the whole revert may.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

from chaoslib.caching import cache_activities
from chaoslib.run import EventHandlerRegistry, apply_rollbacks

from gameday.core.values import FaultId
from gameday.faults.child.activity_events import ActivityReporter
from gameday.faults.child.connection import ChildConnection
from gameday.faults.child.loaded_experiment import Json, Loaded, drop_controls, import_all, load
from gameday.faults.child.still_exposed import URGENT_PROBE_LIMIT, Exposure
from gameday.faults.child.verdict import RollbackVerdict
from gameday.system import processes
from gameday.system.descent import fence
from gameday.system.descent.method import MethodProcesses


class RollbackStandby:
    """Plays the rollbacks of an experiment that another process injected."""

    def __init__(self, connection: ChildConnection) -> None:
        self._connection = connection
        self._text = ""
        self._loaded: Loaded | None = None

    def load(self, command: Json) -> None:
        """Load modules, configuration and secrets early. A failure shows when the rollbacks are played."""
        # A signal to all processes of a drill must not cost the revert the time of imports. Handlers,
        # not SIG_IGN, which the services that rollbacks start would inherit.
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, _stay)
        with contextlib.suppress(Exception):
            self._load(command["request"])
        self._connection.send("ready")

    def _load(self, request: Json) -> Loaded:
        if self._loaded is None or self._text != request["experiment"]:
            loaded = load(request["experiment"], request["path"], request.get("options", ""))
            # They were not configured in this process, and one that breaks would keep the fault in force.
            drop_controls(loaded.experiment)
            for _missing in import_all({"rollbacks": loaded.experiment.get("rollbacks")}):
                pass  # the rollback that needs it will fail and be reported
            self._text, self._loaded = request["experiment"], loaded
        return self._loaded

    def play(self, command: Json) -> None:
        """Play all rollbacks once and report the outcome."""
        request, fault = command["request"], FaultId(command["request"]["fault"])
        left = ""
        # What rollbacks leave running is the environment's, and must not be ended by the marker of ours.
        os.environ.pop(processes.MARKER, None)
        if command.get("fence"):  # the method has run in this very process
            method = MethodProcesses(command["fence"], fault)
            method.resume()
            ended = method.end()
            self._connection.report_ended(fault, ended)
            left = fence.left_text(ended)
        loaded = self._load(request)
        declared = tuple(loaded.experiment.get("rollbacks") or ())
        verdict = RollbackVerdict(self._connection, Exposure(self._connection, fault, loaded), declared, left)
        if command["ask"] and verdict.already(URGENT_PROBE_LIMIT):
            return
        reporter = ActivityReporter(self._connection, fault, by=command["by"], attempt=command["attempt"])
        reporter.stage, reporter.redactor = "rollback", loaded.redactor()
        # chaoslib resolves a `ref` to another activity from this cache; its own runner would fill it.
        cache_activities(loaded.experiment)
        error = _play(loaded, declared, reporter)
        verdict.judge(reporter.played, error)


def _stay(_number: int, _frame: FrameType | None) -> None:
    """Stay: the parent ends this process, by the end of its pipe or by SIGKILL."""


def _play(loaded: Loaded, declared: Sequence[Json], reporter: ActivityReporter) -> str:
    """Play rollbacks as chaoslib does; where one aborts it with an unexpected error, go on after that one."""
    registry = EventHandlerRegistry()
    registry.register(reporter)
    background = sum(bool(activity.get("background")) for activity in declared)
    pool = ThreadPoolExecutor(background) if background else None
    errors = []
    rest = list(declared)
    while rest:
        before = len(reporter.played)
        part = {**loaded.experiment, "rollbacks": rest}
        try:
            apply_rollbacks(part, loaded.configuration, loaded.secrets, pool, None, registry, [])
        except BaseException as error:  # noqa: BLE001  # a user's rollback may raise anything, SystemExit too; the next ones must run
            errors.append(f"{type(error).__name__}: {error}")
            # At least one is dropped in each round: one that always raises must not hold up the others.
            rest = rest[max(len(reporter.played) - before, 1) :]
            pool = ThreadPoolExecutor(background) if background else None  # chaoslib has shut the other down
        else:
            rest = []
    return "; ".join(errors)
