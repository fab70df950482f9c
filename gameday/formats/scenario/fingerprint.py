"""The hash of each file of a drill, and the hash by which drills are compared.

Two drills are comparable when the same was done to the same system under the same promises: the parts of the
experiment that Chaos Toolkit acts on, the load, the SLOs and the objectives. Titles, descriptions, playbook,
scorecard and environment may differ, and so may layout and comments.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gameday.core.plans.scenario import PLAIN_RUN, Scenario

WORDING = frozenset({"title", "description", "tags", "version", "contributions", "extensions"})
"""Keys of an experiment that do not change what it does."""

ADDED = frozenset({"args", "tags", "exclude_tags", "user_classes", "env"})
"""Keys of the load that came later: empty, they leave the hash of older drills as it was."""


def sha256(content: bytes) -> str:
    """Give the hash of a file."""
    return hashlib.sha256(content).hexdigest()


def canonical(value: Any) -> bytes:
    """Write canonical JSON: keys sorted, no blanks, UTF-8, no NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def comparable(
    scenario: Scenario, experiments: Mapping[str, Mapping[str, Any]], locustfile: bytes = b""
) -> str:
    """Give the hash by which drills are compared.

    experiments: the parsed experiments by workspace path: the scenario's own and those of its injects.
    """
    load = None
    if scenario.load is not None:
        # The locustfile's contents in place of its path: a renamed file puts the same load on.
        given = {key: value for key, value in asdict(scenario.load).items() if value or key not in ADDED}
        load = {**given, "locustfile": sha256(locustfile)}
    return sha256(
        canonical(
            {
                "experiment": _acted_on(experiments.get(scenario.experiment, {})),
                # Left out where nothing is given, so that older drills stay comparable.
                **({"options": asdict(scenario.options)} if scenario.options != PLAIN_RUN else {}),
                "faults": [
                    [inject.after, inject.users, _acted_on(experiments.get(inject.experiment, {}))]
                    for inject in scenario.injects
                    if inject.experiment or inject.users is not None
                ],
                "hold": [scenario.hold, scenario.hold_for],
                "load": load,
                "slos": [asdict(slo) for slo in scenario.slos],
                "objectives": asdict(scenario.objectives),
            }
        )
    )


def _acted_on(experiment: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in experiment.items() if key not in WORDING}
