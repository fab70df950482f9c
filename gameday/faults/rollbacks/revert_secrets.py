"""Keep the secrets that reverting a fault needs and that the history must not hold.

An experiment may have secrets in its own text. The history masks them, but a rollback needs them: the
unmasked request goes into a file next to the history, readable by its owner only. It is synced to disk before
the request is stored, and removed once no fault is in force any more. Where nothing is masked, there is no
file.

The file is in the workspace, which may come from a stranger, and what it holds is played. So each request in
it carries a signature of its own, bound to the drill; one without is passed over.
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
from gameday.formats.stored import signatures
from gameday.system import known_secrets
from gameday.system.signing_key import OWN, SigningKey

FILE_NAME = "sealed.json"


@dataclass(frozen=True, slots=True)
class RevertSecrets:
    """The unmasked requests of one drill. `folder` is the drill's own; `key` signs them."""

    folder: Path
    key: SigningKey = OWN

    def save(self, request: ev.FaultRequested) -> None:
        """Save a request if the history will hold it masked. Raises OSError, NotReady without a key."""
        _learn(request)
        if known_secrets.redactor().value(request) == request:
            return
        body = asdict(request)
        entry = {"request": body, signatures.FIELD: self._signature(self.key.obtain(), body)}
        requests = {**self._read(), request.fault: entry}
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self.folder / f".{FILE_NAME}.part"
        # Removed and made anew, because open applies the mode only to a file that it creates.
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(requests, file)
            file.flush()
            os.fsync(descriptor)  # write-ahead: the stored request may be all that the next host has
        unfinished.replace(self.folder / FILE_NAME)

    def restore(self, request: ev.FaultRequested) -> ev.FaultRequested:
        """Give a stored request unmasked, and teach this process's redactor its secrets."""
        saved = self._signed(request)
        if saved is not None:
            # JSON turned the tuples into lists, and requests are compared with the stored ones.
            fields: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in saved.items()
            }
            request = ev.FaultRequested(**fields)
        _learn(request)
        return request

    def remove(self) -> None:
        """Remove the file."""
        (self.folder / FILE_NAME).unlink(missing_ok=True)

    def _signed(self, request: ev.FaultRequested) -> dict[str, Any] | None:
        """Give what was saved of a request, if this installation has signed it for this drill."""
        entry, key = self._read().get(request.fault), self.key.load()
        if not isinstance(entry, dict) or not isinstance(entry.get("request"), dict) or key is None:
            return None
        saved: dict[str, Any] = entry["request"]
        if saved.get("fault") != request.fault:
            return None
        return saved if signatures.same(entry.get(signatures.FIELD), self._signature(key, saved)) else None

    def _signature(self, key: bytes, request: dict[str, Any]) -> str:
        return signatures.digest(key, "gameday sealed request 1", self.folder.name, request)

    def _read(self) -> dict[str, Any]:
        try:
            requests = json.loads((self.folder / FILE_NAME).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return requests if isinstance(requests, dict) else {}


def _learn(request: ev.FaultRequested) -> None:
    """Teach this process's redactor the secrets of an experiment."""
    with contextlib.suppress(ValueError):  # whoever plays it reports what is wrong with it
        experiment = experiments.parse(request.experiment, request.path)
        known_secrets.learn_references(
            reference for reference in experiments.secrets(experiment) if reference.startswith("env:")
        )
        known_secrets.redactor().learn(experiments.secret_values(experiment, os.environ))
