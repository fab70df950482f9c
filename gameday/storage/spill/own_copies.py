"""Copies, in the user's own state folder, of what reverting an open drill needs.

A workspace may be deleted, moved or emptied in mid-drill, and its store with it. So each process of a drill
appends what it stores of KEPT to one file a drill as well, before the store has it, synced to the disk. The
file is removed when the store holds that the drill is closed and nothing of it is in force.

Requests are kept as they are, with the secrets that their rollbacks need: folder and files are this user's
alone. Each fact is signed with the user's own key, which lies next to them: one that was changed since counts
as a stranger's. Only what this installation's own processes record is copied: never what was imported or read
unsigned. Where the folder can't be written any more, the copy goes on in the next (`system.state_folder`),
and both are read; where none can be, the drill goes on without.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday.core.errors import GamedayError, NotReady
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, is_drill_id
from gameday.formats.stored import envelope, signatures
from gameday.formats.stored import events as stored_events
from gameday.storage import urls
from gameday.system import regular_files
from gameday.system.signing_key import OWN
from gameday.system.state_folder import state_folder, state_folders

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
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}\.[0-9a-f]{12}\.jsonl")


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnCopy:
    """What is kept of one drill. address: its store's, without password; artifacts: the drills' folders.

    file: that it is in, or the newest of them
    """

    file: Path
    drill: DrillId
    address: str
    artifacts: str
    events: tuple[ev.Event, ...]

    def remove(self) -> None:
        """Remove the file, wherever parts of it are."""
        _remove(self.file.name)

    def place(self) -> Path:
        """Give where the drill's store may be made, where its own is gone. Raises OSError."""
        return _folder() / self.file.stem


@dataclass(frozen=True, kw_only=True, slots=True)
class Copies:
    """What the folders hold. unreadable: files of which nobody can say what they are of."""

    copies: tuple[OwnCopy, ...] = ()
    unreadable: tuple[Path, ...] = ()


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
            if isinstance(event.fact, KEPT) and event.signed and is_drill_id(event.drill):
                with contextlib.suppress(OSError):
                    self._append(event)

    def remove(self, drill: DrillId) -> None:
        """Remove the copy of a drill that the store holds as closed."""
        _remove(_name(drill, self.address))

    def _append(self, event: ev.Event) -> None:
        name = _name(event.drill, self.address)
        begun = any((folder / name).exists() for folder in _folders())
        if not begun and not isinstance(event.fact, _FIRST):
            return
        document = stored_events.encode(event)
        with contextlib.suppress(NotReady):  # without a key it is kept unsigned: then a person is asked
            document[signatures.FIELD] = signatures.sign(OWN.obtain(), document, **_bound(self.address))
        lines = json.dumps({"event": document}) + "\n"
        file = _folder() / name
        if not file.exists():
            store = {"drill": event.drill, "address": self.address, "artifacts": self.artifacts}
            lines = json.dumps({"store": store}) + "\n" + lines
        # Every process appends: O_APPEND keeps lines whole, and one that a death cut off is not read.
        descriptor = regular_files.open_regular(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
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
        place = folder.resolve()
        return any(place.is_relative_to(each.resolve()) for each in _folders())
    return False


def everything() -> Copies:
    """Give all copies, oldest first, and the files of copies that can't be read."""
    files: dict[str, list[Path]] = {}
    for folder in _folders():
        for file in folder.glob("*.jsonl"):
            files.setdefault(file.name, []).append(file)
    copies, unreadable = [], []
    for name, parts in files.items():
        lines, refused = _lines(parts)
        copy = _read(parts[-1], lines)
        if copy is not None:
            copies.append(copy)
        elif _NAME.fullmatch(name):
            # What we did not name so, we did not write. Of a file without a line no fact was ever stored.
            unreadable += refused or ([parts[-1]] if lines else [])
    return Copies(copies=tuple(sorted(copies, key=_age)), unreadable=tuple(unreadable))


def _age(copy: OwnCopy) -> float:
    return min((event.recorded_at for event in copy.events), default=0.0)


def _lines(parts: Iterable[Path]) -> tuple[list[bytes], list[Path]]:
    """Give the whole lines of a copy's files, and the files that can't be read."""
    lines: list[bytes] = []
    refused = []
    for file in parts:
        try:
            *whole, _incomplete = regular_files.read_regular(file).split(b"\n")
            lines += filter(None, whole)
        except FileNotFoundError:  # its drill has ended meanwhile
            continue
        except OSError:
            refused.append(file)
    return lines, refused


def _folder() -> Path:
    """Give the folder that is written to. Raises OSError."""
    folder = state_folder() / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _folders() -> list[Path]:
    """Give the folders that may hold copies, that which is written to last."""
    return [folder / FOLDER for folder in state_folders()]


def _name(drill: str, address: str) -> str:
    return f"{drill}.{hashlib.sha256(address.encode()).hexdigest()[:12]}.jsonl"


def _remove(name: str) -> None:
    for folder in _folders():
        with contextlib.suppress(OSError):
            (folder / name).unlink()


def _bound(address: str) -> dict[str, str]:
    """Give what a copy's signatures are for, so that none holds in a store, nor a store's in a copy."""
    return {"store": f"own copy for {address}", "environment": ""}


def _read(file: Path, lines: Iterable[bytes]) -> OwnCopy | None:
    """Read a copy; None without a head, or without an event."""
    records = list(_records(lines))
    heads = [record["store"] for record in records if _is_head(record.get("store"))]
    # The first one counts, unless a later one alone fits the name: a line that was added hides no drill.
    head = next((head for head in heads if _name(head["drill"], head["address"]) == file.name), None)
    head = head or next(iter(heads), None)
    if head is None:
        return None
    key = OWN.load()
    events: dict[str, ev.Event] = {}
    for document in (record["event"] for record in records if "event" in record):
        # A newer gameday's, or damaged, or another drill's: the rest still serves.
        with contextlib.suppress(GamedayError, ValueError, TypeError, LookupError, RecursionError):
            envelope.check(document)
            signed = key is not None and signatures.holds(key, document, **_bound(head["address"]))
            event = stored_events.decode(document, signed=signed)
            # The first of an id counts: a line that was added changes none. What is not ours ends nothing.
            counts = signed or key is None or isinstance(event.fact, ev.SIGNED)
            if counts and event.drill == head["drill"]:
                events.setdefault(event.id, event)
    if not events:
        return None
    return OwnCopy(
        file=file,
        drill=DrillId(head["drill"]),
        address=head["address"],
        artifacts=str(head.get("artifacts", "")),
        events=tuple(events.values()),
    )


def _is_head(store: Any) -> bool:
    if not isinstance(store, dict) or not is_drill_id(store.get("drill")):
        return False
    return isinstance(store.get("address"), str)


def _records(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        with contextlib.suppress(ValueError, RecursionError):
            record = json.loads(line)
            if isinstance(record, dict):
                yield record
