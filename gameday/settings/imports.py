"""Imports what experiments and locustfiles name, for those files that a policy allows.

Importing runs code. Nothing is imported in this process: Chaos Toolkit and Locust check in one child each,
with limits of time and memory. Who calls asks the policy first; `settings.static_look` runs nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from gameday.core.errors import Mistake
from gameday.core.plans.scenario import Scenario
from gameday.faults import experiment_checks
from gameday.formats.text.document import Document
from gameday.formats.text.document import Path as DocumentPath
from gameday.load.check import Check
from gameday.settings import runtime_needs
from gameday.settings.catalogue import Catalogue, needs_load_for


def check(
    catalogue: Catalogue,
    allowed: Collection[str],
    scenario: Scenario | None = None,
    packages: Sequence[str] | None = None,
) -> tuple[Mistake, ...]:
    """Let Chaos Toolkit and Locust check the allowed files that have no mistakes so far.

    allowed: workspace paths of the experiments and locustfiles that may be imported.
    scenario: the one that is to run; None: all that the catalogue has checked.
    packages: those that may be installed for an experiment; None: by the environments of checked scenarios.
    """
    loads, lasting = catalogue.loads(), catalogue.lasting()
    if scenario is not None and scenario.load is not None:
        file = scenario.load.locustfile
        loads, lasting = {file: [scenario.load]}, {file: needs_load_for(scenario)}
    broken = {mistake.file for mistake in catalogue.mistakes if not mistake.warning}
    known = [(path, kind) for path, kind in catalogue.kinds.items() if path not in broken and path in allowed]
    root = catalogue.space.root
    experiments = [
        path for path, kind in known if kind == "experiment" and not _installs(catalogue, path, packages)
    ]
    locustfiles = [path for path, kind in known if kind == "locustfile"]
    check_of_locustfiles = Check(locustfiles, cwd=root, loads=loads, lasting=lasting)
    # Both children at once: Locust alone takes a second to import.
    chaos = [mistake for run in _runs(catalogue, experiments) for mistake in _refused(root, run)]
    mistakes = [*check_of_locustfiles.mistakes(), *(_placed(catalogue, mistake) for mistake in chaos)]
    return tuple(sorted(set(mistakes)))


def _installs(catalogue: Catalogue, path: str, packages: Sequence[str] | None) -> bool:
    """Whether packages are to be installed for an experiment first: until then it can't be imported."""
    data = catalogue.check(path, "experiment").document.data
    given = catalogue.packages(path) if packages is None else packages
    return bool(runtime_needs.installable(data, given))


_Run = tuple[str, tuple[str, ...]]
"""A working folder, and files of values: what decides how experiments are imported."""


def _runs(catalogue: Catalogue, experiments: Collection[str]) -> Iterator[tuple[_Run, list[str]]]:
    together: dict[_Run, list[str]] = {}
    for path in experiments:
        for options in catalogue.options(path):
            together.setdefault((options.cwd, options.var_files), []).append(path)
    yield from together.items()


def _refused(root: Path, run: tuple[_Run, list[str]]) -> Iterator[Mistake]:
    (cwd, var_files), experiments = run
    folder = root / cwd
    named = {os.path.relpath(root / path, folder): path for path in experiments}
    values = [os.path.relpath(root / path, folder) for path in var_files]
    for mistake in experiment_checks.check([Path(path) for path in named], cwd=folder, values=values):
        yield mistake._replace(file=named[mistake.file])


def _placed(catalogue: Catalogue, mistake: Mistake) -> Mistake:
    """Find the position of what Chaos Toolkit reports: the last value of the file that it quotes."""
    document = catalogue.check(mistake.file, "experiment").document
    message = mistake.message
    if message.startswith("chaos validate failed"):  # the check itself, not what it read
        return mistake
    names = set(re.findall(r"'([^']+)'", message)) | set(re.findall(r"[\w.-]+", message))
    paths = [path for path, text in _texts(document.data, ()) if text in names and len(text) > 1]
    if not paths:
        return mistake
    line, column = document.spot(_best(document, paths, message))
    return mistake._replace(line=line, column=column)


def _best(document: Document, paths: list[DocumentPath], message: str) -> DocumentPath:
    """Choose a path within the named activity, of the value that the message quotes first."""
    activities = [path[:-1] for path in paths if path[-1] == "name"]
    inside = [
        path
        for path in paths
        if path[-1] != "name" and any(_within(path, activity) for activity in activities)
    ]
    return min(inside or paths, key=lambda path: (message.find(str(document.get(path))), path[-1] == "type"))


def _within(path: DocumentPath, around: DocumentPath) -> bool:
    return path[: len(around)] == around


def _texts(tree: Any, path: DocumentPath) -> Iterator[tuple[DocumentPath, str]]:
    if isinstance(tree, str):
        yield path, tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from _texts(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _texts(value, (*path, index))
