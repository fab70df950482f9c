"""Plays the rollbacks of an experiment that another process injected: the ledger."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from chaoslib.caching import cache_activities
from chaoslib.run import EventHandlerRegistry, apply_rollbacks

from gameday.core.values import FaultId
from gameday.faults.child.activity_events import ActivityReporter
from gameday.faults.child.loaded_experiment import Json, Loaded, import_all, load
from gameday.faults.child.still_exposed import HURRY, Exposure
from gameday.faults.child.verdict import RollbackVerdict
from gameday.faults.child_connection import ChildConnection


class RollbackStandby:
    """Plays the rollbacks of an experiment that another process injected."""

    def __init__(self, line: ChildConnection) -> None:
        self._line = line
        self._text = ""
        self._loaded: Loaded | None = None

    def load(self, command: Json) -> None:
        """Make ready what can be: modules, configuration, secrets. A failure shows when it is played."""
        with contextlib.suppress(Exception):
            self._load(command["request"])
        self._line.say("ready")

    def _load(self, request: Json) -> Loaded:
        if self._loaded is None or self._text != request["experiment"]:
            loaded = load(request["experiment"], request["path"])
            for _missing in import_all({"rollbacks": loaded.experiment.get("rollbacks")}):
                pass  # it shows when the rollback is played
            self._text, self._loaded = request["experiment"], loaded
        return self._loaded

    def play(self, command: Json) -> None:
        """Play all rollbacks once and say what they came to."""
        request, fault = command["request"], FaultId(command["request"]["fault"])
        loaded = self._load(request)
        declared = tuple(loaded.experiment.get("rollbacks") or ())
        verdict = RollbackVerdict(self._line, Exposure(self._line, fault, loaded), declared)
        if command["ask"] and verdict.already(HURRY):
            return
        teller = ActivityReporter(self._line, fault, by=command["by"], attempt=command["attempt"])
        teller.stage, teller.redactor = "rollback", loaded.redactor()
        cache_activities(loaded.experiment)
        runs, error = _play(loaded, declared, teller)
        verdict.judge(runs, error)


def _play(loaded: Loaded, declared: Sequence[Json], teller: ActivityReporter) -> tuple[list[Json], str]:
    """Play rollbacks as chaoslib does; where one ends it with an unexpected error, go on behind that one."""
    registry = EventHandlerRegistry()
    registry.register(teller)
    background = sum(bool(activity.get("background")) for activity in declared)
    pool = ThreadPoolExecutor(background) if background else None
    done: list[Json] = []
    errors = []
    rest = list(declared)
    while rest:
        runs: list[Json] = []
        part = {**loaded.experiment, "rollbacks": rest}
        try:
            apply_rollbacks(part, loaded.configuration, loaded.secrets, pool, None, registry, runs)
        except Exception as error:  # noqa: BLE001  # a user's rollback may raise anything; the next ones must run
            errors.append(f"{type(error).__name__}: {error}")
            rest = rest[max(len(runs), 1) :]
            pool = ThreadPoolExecutor(background) if background else None  # chaoslib has shut the other down
        else:
            rest = []
        done += runs
    return done, "; ".join(errors)
