"""What an experiment is run with besides itself, as `chaos run` has it: values, controls, strategy.

Files are read as they were checked: one that has changed since is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaoslib import merge_vars
from chaoslib.control import load_global_controls
from chaoslib.settings import load_settings
from chaoslib.types import Schedule

Values = tuple[dict[str, Any], dict[str, Any]]
"""Values that replace those of the configuration, and of the secrets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """The options of one run; empty ones are those of `chaos run` without any."""

    vars: Mapping[str, Any] = field(default_factory=dict)
    var_files: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    hypothesis: str = ""
    frequency: float = 1.0
    fail_fast: bool = False
    hashes: Mapping[str, str] = field(default_factory=dict)

    def values(self) -> Values:
        """Give the values, and set the variables that files set. Raises ValueError for a changed file."""
        with self._unchanged(self.var_files):
            configuration, secrets = merge_vars(dict(self.vars), list(self.var_files))
        return configuration, secrets

    def load_controls(self) -> dict[str, Any]:
        """Load the controls of Chaos Toolkit's settings and of files; give the settings."""
        settings: dict[str, Any] = load_settings() or {}
        with self._unchanged(self.controls):
            load_global_controls(settings, list(self.controls))
        return settings

    def schedule(self) -> Schedule:
        """Give how a continuous hypothesis is evaluated."""
        return Schedule(continuous_hypothesis_frequency=self.frequency, fail_fast=self.fail_fast)

    @contextlib.contextmanager
    def _unchanged(self, files: tuple[str, ...]) -> Iterator[None]:
        # After they were read, too: nobody may put others in between.
        self._check(files)
        yield
        self._check(files)

    def _check(self, files: tuple[str, ...]) -> None:
        for file in files:
            found = hashlib.sha256(Path(file).read_bytes()).hexdigest()
            if self.hashes.get(file, found) != found:
                raise ValueError(f"{file} has changed since it was checked")


def parse(text: str) -> RunOptions:
    """Read the options of a request; empty text: none. Raises ValueError."""
    given = json.loads(text) if text else {}
    return RunOptions(
        vars=json.loads(given.get("vars") or "{}"),
        var_files=tuple(given.get("var_files", ())),
        controls=tuple(given.get("controls", ())),
        hypothesis=str(given.get("hypothesis", "")),
        frequency=float(given.get("frequency", 1.0)),
        fail_fast=bool(given.get("fail_fast", False)),
        hashes=given.get("hashes", {}),
    )
