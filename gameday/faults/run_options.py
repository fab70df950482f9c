"""Write down what an experiment is run with, for the process that runs it (`faults.child.run_options`)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from gameday.core.plans.scenario import PLAIN_RUN, ChaosOptions


def text(options: ChaosOptions, root: Path, hashes: Mapping[str, str]) -> str:
    """Give a request's `options`; empty where there are none.

    hashes: the sha256 of files by their workspace paths, as they were checked.
    """
    if options == PLAIN_RUN:
        return ""
    folder = root / options.cwd
    there = {path: os.path.relpath(root / path, folder) for path in (*options.var_files, *options.controls)}
    given = asdict(options) | {
        "var_files": [there[path] for path in options.var_files],
        "controls": [there[path] for path in options.controls],
        "hashes": {there[path]: hashes[path] for path in there if path in hashes},
    }
    del given["cwd"]
    return json.dumps(given, sort_keys=True)
