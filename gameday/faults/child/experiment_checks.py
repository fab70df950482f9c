"""Validate experiments as `chaos validate` does, and import every module that they name.

chaoslib drops a control whose module can't be imported with a debug line and runs the experiment
without it; here that is a problem like any other.
"""

from __future__ import annotations

import resource
from pathlib import Path

from chaoslib import merge_vars
from chaoslib.exceptions import ChaosException
from chaoslib.experiment import ensure_experiment_is_valid

from gameday.faults.child.connection import ChildConnection
from gameday.faults.child.loaded_experiment import Json, import_all, parse


def check(connection: ChildConnection, command: Json) -> None:
    """Send the problems of many experiments, by path: a list of texts each, empty where it is valid.

    This process serves for nothing else: from now on, whatever is imported has a limit of memory.
    """
    resource.setrlimit(resource.RLIMIT_AS, (command["memory"], command["memory"]))
    merge_vars({}, command["values"])  # files of values may set variables
    connection.send("answer", problems={path: _problems(Path(path)) for path in command["paths"]})


def _problems(path: Path) -> list[str]:
    try:
        experiment = parse(path.read_text(encoding="utf-8"), path.name)
    except (ChaosException, OSError, ValueError) as error:
        return [f"chaos validate refuses it: {error}"]
    if not isinstance(experiment, dict):
        return ["an experiment is an object"]
    missing = [f"module {name} can't be imported: {why}" for name, why in import_all(experiment)]
    try:
        ensure_experiment_is_valid(experiment)
    except ChaosException as error:
        if missing and str(error).startswith("could not find Python module"):
            return missing  # it is one of these
        return [*missing, f"chaos validate refuses it: {error}"]
    except (KeyError, TypeError, AttributeError) as error:  # chaoslib trips over malformed experiments
        return [*missing, f"chaos validate fails on it: {type(error).__name__}: {error}"]
    return missing
