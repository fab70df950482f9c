"""Checks what files name outside the workspace: Python modules, commands, locustfiles that import.

Nothing is imported here: Chaos Toolkit and Locust check in one process each, both at the same time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from gameday.core.errors import Mistake
from gameday.faults import experiment_checks
from gameday.formats.text.document import Document
from gameday.formats.text.document import Path as DocumentPath
from gameday.load.check import Check
from gameday.settings.catalogue import Catalogue


def check(catalogue: Catalogue, ahead: tuple[Sequence[str], Check] | None = None) -> tuple[Mistake, ...]:
    """Let Chaos Toolkit and Locust check the files that have no mistakes so far.

    ahead: workspace paths of locustfiles, and a check of them that is already running.
    """
    broken = {mistake.file for mistake in catalogue.mistakes if not mistake.warning}
    known = [(path, kind) for path, kind in catalogue.kinds.items() if path not in broken]
    root = catalogue.space.root
    experiments = [path for path, kind in known if kind == "experiment"]
    locustfiles = [path for path, kind in known if kind == "locustfile"]
    begun, early_check = ahead or ((), None)
    remaining_check = Check([path for path in locustfiles if path not in begun], cwd=root)
    with ThreadPoolExecutor(max_workers=1) as thread:
        chaos = thread.submit(experiment_checks.check, [Path(path) for path in experiments], cwd=root)
        locust_mistakes = (*remaining_check.mistakes(), *(early_check.mistakes() if early_check else ()))
        mistakes = [
            mistake for mistake in locust_mistakes if mistake.file not in begun or mistake.file in locustfiles
        ]
        mistakes += [_placed(catalogue, mistake) for mistake in chaos.result()]
    return tuple(sorted(set(mistakes)))


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
    return replace(mistake, line=line, column=column)


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
