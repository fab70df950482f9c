"""Copies, in the user's own state folder, of what reverting an open drill needs.

A workspace may be deleted, moved or emptied in mid-drill, and its store with it. So each process of a drill
appends what it stores of KEPT to one file a drill as well, before the store has it, synced to the disk. The
file is removed when the store holds that the drill is closed and nothing of it is in force.

Requests are kept as they are, with the secrets that their rollbacks need: folder and files are this user's
alone. Only what this installation's own processes record is copied: never what was imported or read unsigned.
Where the folder can't be written the drill goes on without its copy.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday.core.errors import GamedayError
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId
from gameday.formats.stored import events as stored_events
from gameday.storage import urls
from gameday.system.state_folder import state_folder

FOLDER = "open-drills"
KEPT = (
    ev.DrillPlanned,
    ev.ProcessStarted,
    ev.EnvironmentBroughtUp,
    ev.EnvironmentTakenDown,
    ev.FaultRequested,
    ev.FaultInjected,
    ev.FaultFailed,
    ev.RevertFailed,
    ev.FaultReverted,
    ev.DrillClosed,
)
_FIRST = (ev.DrillPlanned, ev.FaultRequested)
"""Facts that begin a copy; the others are only added to one."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnCopy:
    """What is kept of one drill. address: its store's, without password; artifacts: the drills' folders."""

    file: Path
    drill: DrillId
    address: str
    artifacts: str
    events: tuple[ev.Event, ...]

    def remove(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            self.file.unlink()


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnCopies:
    """The copies that are made of the drills of one store."""

    address: str
    artifacts: str

    def keep(self, events: Iterable[ev.Event]) -> None:
        """Append what reverting needs, synced to the disk."""
        batch = list(events)
        if any(isinstance(event.fact, ev.HistoryImported) for event in batch):
            return
        for event in batch:
            if isinstance(event.fact, KEPT) and event.signed and _ID.fullmatch(event.drill):
                with contextlib.suppress(OSError):
                    self._append(event)

    def remove(self, drill: DrillId) -> None:
        """Remove the copy of a drill that the store holds as closed."""
        with contextlib.suppress(OSError):
            self._file(drill).unlink()

    def _file(self, drill: DrillId) -> Path:
        store = hashlib.sha256(self.address.encode()).hexdigest()[:12]
        return _folder() / f"{drill}.{store}.jsonl"

    def _append(self, event: ev.Event) -> None:
        file = self._file(event.drill)
        begins = isinstance(event.fact, _FIRST)
        if not begins and not file.exists():
            return
        lines = json.dumps({"event": stored_events.encode(event)}) + "\n"
        if not file.exists():
            store = {"drill": event.drill, "address": self.address, "artifacts": self.artifacts}
            lines = json.dumps({"store": store}) + "\n" + lines
        # Every process appends: O_APPEND keeps lines whole, and one that a death cut off is not read.
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, b"\n" + lines.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def copies_of(url: str, artifacts: Path) -> OwnCopies:
    """Give what keeps copies for the store at a URL."""
    return OwnCopies(address=urls.address(url), artifacts=str(artifacts))


def keeps(folder: Path) -> bool:
    """Whether a folder is below that of the copies, such as that of a store for one lost drill."""
    with contextlib.suppress(OSError):
        return folder.resolve().is_relative_to(_folder().resolve())
    return False


def everything() -> list[OwnCopy]:
    """List all copies that can be read, oldest first."""
    with contextlib.suppress(OSError):
        files = sorted(_folder().glob("*.jsonl"), key=lambda file: file.stat().st_mtime)
        return [copy for copy in map(_read, files) if copy is not None]
    return []


def _folder() -> Path:
    folder = state_folder() / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _read(file: Path) -> OwnCopy | None:
    store: dict[str, Any] = {}
    events: dict[str, ev.Event] = {}
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError:
        return None
    for record in _records(lines):
        if isinstance(record.get("store"), dict):
            store = record["store"]
        elif isinstance(record.get("event"), dict):
            with contextlib.suppress(GamedayError):  # a newer gameday's, or damaged: the rest still serves
                event = stored_events.decode(record["event"])
                # They are this user's own, and are signed when a store takes them.
                events[event.id] = dataclasses.replace(event, signed=True)
    drill, where = store.get("drill"), store.get("address")
    if not isinstance(drill, str) or not isinstance(where, str) or not events:
        return None
    return OwnCopy(
        file=file,
        drill=DrillId(drill),
        address=where,
        artifacts=str(store.get("artifacts", "")),
        events=tuple(event for event in events.values() if event.drill == drill),
    )


def _records(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        with contextlib.suppress(ValueError):
            record = json.loads(line)
            if isinstance(record, dict):
                yield record
