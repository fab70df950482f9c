"""Find what this process lacks to play an experiment's rollbacks: variables, secrets, modules, commands.

Modules are looked up, not imported, and vaults are not asked: what fails in spite of this check is a failed
try.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gameday.core import policy
from gameday.core.facts import drill as ev
from gameday.core.policy import Account, Cluster, Document, Policy
from gameday.faults import experiments, run_options
from gameday.formats import redaction


def lacking(request: ev.FaultRequested, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Describe what is missing to play the rollbacks of a request; empty where they can be played."""
    try:
        experiment = experiments.parse(request.experiment, request.path)
    except ValueError:
        return ()  # playing them reports that the experiment can't be read
    return tuple(dict.fromkeys(_lacking(request, experiment, environ)))


def unreachable(request: ev.FaultRequested, unverified: Mapping[str, str]) -> tuple[str, ...]:
    """Describe which cluster or account, of those that were not verified, the rollbacks may need."""
    try:
        experiment = experiments.parse(request.experiment, request.path)
    except ValueError:
        return ()
    rollbacks = {name: experiment[name] for name in ("rollbacks", "controls") if name in experiment}
    # As if the environment named both: only those that it names are in `unverified`.
    needed = policy.needs(
        Policy(kubernetes=Cluster(), aws=Account()), (Document(name=request.path, body=rollbacks),)
    )
    names = {"kubernetes": ("Kubernetes cluster", needed.cluster), "aws": ("AWS account", needed.account)}
    return tuple(
        f"the environment's {names[kind][0]} was not reached: {why}"
        for kind, why in unverified.items()
        if names[kind][1]
    )


def _lacking(
    request: ev.FaultRequested, experiment: experiments.Experiment, environ: Mapping[str, str]
) -> Iterator[str]:
    if redaction.MASK in request.experiment:
        yield "the secrets written in the experiment are on the host of its drill only"
    for name in (*_variables(experiment.get("configuration")), *_variables(experiment.get("secrets"))):
        if name not in environ:
            yield f"the variable {name} is not set"
    yield from _modules(request, experiment)
    for path in _commands(experiment):
        if shutil.which(path) is None and shutil.which(Path(request.cwd, path)) is None:
            yield f"command {path} is not installed"


def _variables(tree: Any) -> Iterator[str]:
    """Name the variables without a default that an experiment reads."""
    if not isinstance(tree, Mapping):
        return
    if tree.get("type") == "env":
        if "default" not in tree:
            yield str(tree.get("key"))
        return
    for each in tree.values():
        yield from _variables(each)


def _modules(request: ev.FaultRequested, experiment: experiments.Experiment) -> Iterator[str]:
    sections = {
        name: experiment.get(name) for name in ("configuration", "rollbacks", "extensions", "controls")
    }
    with _importable_from(request.cwd), _importable_from(run_options.packages_of(request)):
        for module in experiments.modules(sections):
            # The top package only: for a submodule, find_spec would import its parents.
            if importlib.util.find_spec(module.partition(".")[0]) is None:
                yield f"module {module} is not installed"


def _commands(experiment: experiments.Experiment) -> Iterator[str]:
    for activity in experiments.rollbacks(experiment):
        provider = activity.get("provider")
        if isinstance(provider, Mapping) and provider.get("type") == "process":
            path = str(provider.get("path", ""))
            # chaoslib fills such a path in from the configuration; its value is not known here.
            if "${" not in path:
                yield path


def is_installed(top: str, *, without: Collection[str] = ()) -> bool:
    """Report whether a top package is found on Python's path, `without` the folders that are given."""
    left_out = {Path(folder or ".").resolve() for folder in without}
    found = [folder for folder in sys.path if folder and Path(folder).resolve() not in left_out]
    with _path(found):
        return importlib.util.find_spec(top) is not None


@contextmanager
def _path(folders: list[str]) -> Iterator[None]:
    before = sys.path[:]
    sys.path[:] = folders
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = before


@contextmanager
def _importable_from(folder: str) -> Iterator[None]:
    """Find modules in the experiment's working folder, too, as its process does."""
    # Last on the path, as in the child: a file in the folder must not hide an installed module.
    if not folder:
        yield
        return
    sys.path.append(folder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(folder)
