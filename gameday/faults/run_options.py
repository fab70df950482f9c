"""Write down what an experiment is run with, for the process that runs it (`faults.child.run_options`)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import PLAIN_RUN, ChaosOptions
from gameday.faults import experiments


def text(options: ChaosOptions, root: Path, hashes: Mapping[str, str], packages: str = "") -> str:
    """Give a request's `options`; empty where there are none.

    hashes: the sha256 of files by their workspace paths, as they were checked. packages: the folder of the
    packages that are installed for the experiment.
    """
    if options == PLAIN_RUN:
        return json.dumps({"packages": packages}) if packages else ""
    folder = root / options.cwd
    there = {path: os.path.relpath(root / path, folder) for path in (*options.var_files, *options.controls)}
    given = asdict(options) | {
        "var_files": [there[path] for path in options.var_files],
        "controls": [there[path] for path in options.controls],
        "hashes": {there[path]: hashes[path] for path in there if path in hashes},
    }
    del given["cwd"]
    if packages:
        given["packages"] = packages
    return json.dumps(given, sort_keys=True)


def packages_of(request: ev.FaultRequested) -> str:
    """Give the folder of the packages that are installed for a request's experiment; empty: none is."""
    return str(experiments.run_with(request).get("packages") or "")
