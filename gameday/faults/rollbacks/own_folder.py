"""Find what rollbacks, or a hypothesis, need of the folder that they were requested in.

Once that folder is gone, nothing of it may be looked for in another one: another workspace may have modules,
commands and files of the same names, which would undo something else, and look like a success. What can't be
known not to need the folder counts as needing it: a command runs in it, and so may what Python brings along.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gameday.core.facts import drill as ev
from gameday.faults import experiments
from gameday.faults.rollbacks import needs
from gameday.formats.text.plain_json import mapping

OPTIONS = ("var_files", "controls")
"""Files that a run is given besides the experiment."""


def python_path() -> tuple[str, ...]:
    """List the folders of this process's PYTHONPATH, which is the caller's and not the drill's."""
    return tuple(each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each)


def python_path_for(folder: str) -> tuple[str, ...]:
    """List those of them that are in no other workspace than a drill's folder is."""
    own = _workspace(folder)
    return tuple(each for each in python_path() if _workspace(each) in (None, own))


def _workspace(folder: str) -> Path | None:
    whole = Path(folder).resolve()
    return next((each for each in (whole, *whole.parents) if (each / "gameday.toml").is_file()), None)


def rollbacks_need(request: ev.FaultRequested) -> tuple[str, ...]:
    """Describe what of a folder that is gone playing the rollbacks may need; empty where nothing."""
    try:
        experiment = experiments.parse(request.experiment, request.path)
    except ValueError:
        return ()  # playing them reports that the experiment can't be read
    played = {
        "rollbacks": experiments.played(experiment),
        "still-exposed": experiments.still_exposed(experiment),
        **{name: experiment.get(name) for name in ("configuration", "secrets")},
    }
    return _sentences(request, (*_activities(played), *_options(request)))


def hypothesis_needs(request: ev.FaultRequested) -> tuple[str, ...]:
    """Describe the same of the steady-state hypothesis."""
    try:
        experiment = experiments.parse(request.experiment, request.path)
    except ValueError:
        return ()
    judged = {
        name: experiment.get(name)
        for name in ("steady-state-hypothesis", "configuration", "secrets", "controls")
    }
    return _sentences(request, (*_activities(judged), *_options(request)))


def _sentences(request: ev.FaultRequested, found: tuple[str, ...]) -> tuple[str, ...]:
    if not found:
        return ()
    what = ", ".join(dict.fromkeys(found))
    return (f"its workspace folder {request.cwd} is gone, and with it {what}",)


def _activities(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        provider = mapping(tree.get("provider"))
        if provider.get("type") == "process":
            yield f"what `{provider.get('path')}` would run in it"
        elif provider.get("type") == "python" and _is_of_a_folder(str(provider.get("module") or "")):
            yield f"module {provider.get('module')}"
        for each in tree.values():
            yield from _activities(each)
    elif isinstance(tree, list | tuple):
        for each in tree:
            yield from _activities(each)


def _is_of_a_folder(module: str) -> bool:
    """Report whether a module is installed nowhere, or may run what is in the folder (`subprocess`, `os`)."""
    top = module.partition(".")[0]
    with contextlib.suppress(OSError):  # this process's own folder may be gone, too
        return top in sys.stdlib_module_names or not needs.is_installed(top, without=(".", *python_path()))
    return True


def _options(request: ev.FaultRequested) -> Iterator[str]:
    given = experiments.run_with(request)
    for name in OPTIONS:
        yield from map(str, given.get(name) or ())
