"""Parse experiments with chaoslib's own loader, and resolve them as its runner does."""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaoslib.configuration import load_configuration, load_dynamic_configuration
from chaoslib.control import load_global_controls
from chaoslib.loader import parse_experiment_from_file
from chaoslib.secret import load_secrets

from gameday.faults import experiments
from gameday.faults.child import run_options
from gameday.formats.redaction import Redactor, leaves, secret_named
from gameday.system import known_secrets

Json = dict[str, Any]


@dataclass(slots=True)
class Loaded:
    """An experiment with its configuration and secrets, resolved in this process."""

    experiment: Json
    configuration: Json = field(default_factory=dict)
    secrets: Json = field(default_factory=dict)

    def redactor(self) -> Redactor:
        """Teach this process's redactor the experiment's secrets, and its configuration's by name."""
        redactor = known_secrets.redactor()
        redactor.learn(leaves(self.secrets))
        redactor.learn(secret_named(self.configuration))
        redactor.learn(experiments.secret_values(self.experiment, os.environ))
        return redactor


def parse(text: str, path: str) -> Any:
    """Parse an experiment from its stored text.

    The loader wants a file, and picks JSON or YAML by its suffix.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, Path(path).name or "experiment.json")
        file.write_text(text, encoding="utf-8")
        return parse_experiment_from_file(str(file))


def load(text: str, path: str, options: str = "") -> Loaded:
    """Parse an experiment and resolve its configuration and secrets as chaoslib's runner does.

    options: those of its request. Raises ValueError, too, where files that they name have changed.
    """
    given_values, given_secrets = run_options.parse(options).values()
    experiment = parse(text, path)
    # In this order: secrets may refer to the configuration, and a dynamic one runs probes with both.
    configuration = load_configuration(experiment.get("configuration", {}), given_values)
    secrets = load_secrets(experiment.get("secrets", {}), configuration, given_secrets)
    configuration = load_dynamic_configuration(configuration, secrets)
    return Loaded(experiment, configuration, secrets)


def drop_controls(experiment: Json) -> bool:
    """Take every control out of an experiment and of this process; report if the experiment had any."""
    load_global_controls({})
    hypothesis = experiment.get("steady-state-hypothesis")
    holders = [experiment, hypothesis, *experiments.activities(experiment)]
    dropped = [holder.pop("controls", None) for holder in holders if isinstance(holder, dict)]
    return any(dropped)


def import_early(command: Json) -> None:
    """Import what an experiment names before it is injected, since some extensions take 2 s."""
    request = command["request"]
    # What fails here fails again when it is injected, and is reported then.
    with contextlib.suppress(Exception):
        for _missing in import_all(parse(request["experiment"], request["path"])):
            pass


def import_all(experiment: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Import every module that an experiment names; give those that fail, with the reason."""
    for name in experiments.modules(experiment):
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001  # a user's module may raise anything when it is imported
            yield name, f"{type(error).__name__}: {error}"
