"""Checks what files name outside themselves: Python modules, commands, locustfiles that import.

Comes in: a catalogue that has been read. Goes out: mistakes, at the place that names what is wrong.
Does not: import anything itself: Chaos Toolkit and Locust each check in one process of their own,
both at the same time.
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
from gameday.formats.text.document import Path as Place
from gameday.load.check import Check
from gameday.settings.catalogue import Catalogue


def check(catalogue: Catalogue, ahead: tuple[Sequence[str], Check] | None = None) -> tuple[Mistake, ...]:
    """Let Chaos Toolkit and Locust read what has no mistake of its own so far.

    ahead: names of locustfiles from the workspace's root, and a check of them that is under way.
    """
    wrong = {one.file for one in catalogue.mistakes if not one.warning}
    known = [(path, kind) for path, kind in catalogue.kinds.items() if path not in wrong]
    root = catalogue.space.root
    experiments = [path for path, kind in known if kind == "experiment"]
    locustfiles = [path for path, kind in known if kind == "locustfile"]
    begun, early = ahead or ((), None)
    late = Check([path for path in locustfiles if path not in begun], cwd=root)
    with ThreadPoolExecutor(max_workers=1) as beside:
        chaos = beside.submit(experiment_checks.check, [Path(path) for path in experiments], cwd=root)
        users = (*late.mistakes(), *(early.mistakes() if early else ()))
        found = [one for one in users if one.file not in begun or one.file in locustfiles]
        found += [_placed(catalogue, one) for one in chaos.result()]
    return tuple(sorted(set(found)))


def _placed(catalogue: Catalogue, mistake: Mistake) -> Mistake:
    """Find the place of what Chaos Toolkit complains of: the last value of the file that it quotes."""
    document = catalogue.check(mistake.file, "experiment").document
    told = mistake.message
    if told.startswith("chaos validate failed"):  # the check itself, not what it read
        return mistake
    names = set(re.findall(r"'([^']+)'", told)) | set(re.findall(r"[\w.-]+", told))
    places = [path for path, text in _texts(document.data, ()) if text in names and len(text) > 1]
    if not places:
        return mistake
    line, column = document.spot(_best(document, places, told))
    return replace(mistake, line=line, column=column)


def _best(document: Document, places: list[Place], told: str) -> Place:
    """Choose the place within the activity that is named, of what stands earliest in the sentence."""
    activities = [path[:-1] for path in places if path[-1] == "name"]
    inside = [path for path in places if path[-1] != "name" and any(_within(path, one) for one in activities)]
    return min(inside or places, key=lambda path: (told.find(str(document.get(path))), path[-1] == "type"))


def _within(path: Place, around: Place) -> bool:
    return path[: len(around)] == around


def _texts(tree: Any, path: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(tree, str):
        yield path, tree
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from _texts(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _texts(value, (*path, index))
