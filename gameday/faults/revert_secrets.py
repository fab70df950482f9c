"""Keeps beside the history, for its owner alone, what undoing a fault needs and the history must not hold.

Comes in: a FaultRequested as it is. Goes out: the same, for the stored one in which secrets are masked.
Does not: outlive the drill: once nothing is in force any more the file is removed.

An experiment may carry secrets in its own text, and a rollback needs them. The file is written
through to the disk before the request is stored; where nothing is masked there is no file.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gameday.core.facts import drill as ev
from gameday.faults import experiments
from gameday.system import known_secrets

NAME = "sealed.json"


@dataclass(frozen=True, slots=True)
class RevertSecrets:
    """The sealed requests of one drill. `folder` is the drill's own."""

    folder: Path

    def close(self, request: ev.FaultRequested) -> None:
        """Keep a request if the history would hold it otherwise than it is. Raises OSError."""
        _learn(request)
        if known_secrets.known().value(request) == request:
            return
        kept = {**self._kept(), request.fault: asdict(request)}
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self.folder / f".{NAME}.part"
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(descriptor)
        unfinished.replace(self.folder / NAME)

    def open(self, request: ev.FaultRequested) -> ev.FaultRequested:
        """Give a stored request as it was before it was masked; this process then knows its secrets."""
        found = self._kept().get(request.fault)
        if found is not None:
            fields: dict[str, Any] = {
                name: tuple(each) if isinstance(each, list) else each for name, each in found.items()
            }
            request = ev.FaultRequested(**fields)
        _learn(request)
        return request

    def remove(self) -> None:
        """Forget what was kept."""
        (self.folder / NAME).unlink(missing_ok=True)

    def _kept(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / NAME).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _learn(request: ev.FaultRequested) -> None:
    """Let this process know the secrets of an experiment."""
    with contextlib.suppress(ValueError):  # who reads it next says what is wrong with it
        experiment = experiments.parse(request.experiment, request.path)
        known_secrets.learn_reference(
            each for each in experiments.secrets(experiment) if each.startswith("env:")
        )
        known_secrets.known().learn(experiments.secret_values(experiment, os.environ))
