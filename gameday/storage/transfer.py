"""Moves a drill from store to store as one file: `gameday export` and `gameday import`.

The file is a zip of `manifest.json`, `history.jsonl` and `load.jsonl`, the last two as in a drill's folder.
It may come from a stranger: nothing is stored of a file that is not sound as a whole, and nothing is written
outside of the store.

What is imported is closed and inert forever: no signature leaves with an export or comes with an import, and
a fact records that it was imported. So nothing is ever added to a drill of the store's own.

Importing twice changes nothing. A drill whose load is missing, after a death in the middle, gets it; one of
which the store holds another history is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gameday.core.errors import HistoryCorrupt, UsageError
from gameday.core.facts import drill as ev
from gameday.core.facts.load import LoadHistory
from gameday.core.values import DrillId, Instant, is_drill_id
from gameday.formats.stored import envelope
from gameday.formats.stored import events as stored_events
from gameday.formats.stored import load as load_lines
from gameday.ports import HistoryStore
from gameday.system import clock, ids, regular_files

FORMAT = 1
LARGEST_PART = 256 * 1024**2
"""Bytes of one unpacked part that are read at most: a small zip can unpack to any size."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a file holds. events, head: the number of lines and the last hash; load: its SHA-256."""

    format: int
    drill: str
    events: int
    head: str
    load: str


def export_drill(store: HistoryStore, drill: DrillId, file: Path) -> Manifest:
    """Write a drill as one file, readable by its owner.

    Raises LookupError if there is no such drill, HistoryCorrupt if it is not sound.
    """
    lines = [envelope.line(stored_events.encode(row.event), row.seq) for row in store.read(drill)]
    if wrong := store.verify(drill):
        raise HistoryCorrupt(f"drill {drill} is not sound: {'; '.join(wrong)}", hint="gameday verify")
    load = load_lines.dumps(store.read_load(drill))
    manifest = Manifest(
        format=FORMAT, drill=drill, events=len(lines), head=_head(drill, lines), load=_sha256(load)
    )
    unfinished = file.with_name(f".{file.name}.part")
    # Left by an export that died; O_EXCL would refuse it, and must, since the name could be a link.
    unfinished.unlink(missing_ok=True)
    # 0600 from the start: a mode that is set afterwards leaves a while in which others can open the file.
    descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("manifest.json", json.dumps(asdict(manifest), indent=2) + "\n")
        zipped.writestr("history.jsonl", "".join(line + "\n" for line in lines))
        zipped.writestr("load.jsonl", load)
    unfinished.replace(file)
    return manifest


def import_drill(store: HistoryStore, file: Path) -> Manifest:
    """Store the drill that a file holds.

    Raises UsageError for any other file, HistoryCorrupt for one that was changed or that holds another or a
    longer history than the store's own, StoreUnavailable, also for events of a newer gameday.
    """
    manifest, lines, load = _unpack(file)
    if (_head(manifest.drill, lines), len(lines)) != (manifest.head, manifest.events):
        raise HistoryCorrupt(f"{file}: its history was cut or changed")
    if _sha256(load) != manifest.load:
        raise HistoryCorrupt(f"{file}: its load samples were cut or changed")
    drill = DrillId(manifest.drill)
    events, samples = _events(file, drill, lines), _load(file, load)
    stored, has_load = _stored(store, drill)
    # strict=False: the store may have only the beginning, after an import that died in the middle.
    if any(mine != theirs for mine, theirs in zip(stored, events, strict=False)):
        raise HistoryCorrupt(f"the store holds another history of drill {drill}")
    if stored and not _imported(stored):
        if len(events) > len(stored):
            raise HistoryCorrupt(
                f"drill {drill} is this store's own, and the file holds more of it",
                hint="import it into another store to look at it",
            )
        return manifest
    # With its marker in one transaction, and before the load: a death in between leaves nothing that is open.
    marker = () if _imported((*stored, *events)) else (_marker(drill, file),)
    store.append(*events, *marker)
    # Only where there is none: each batch gets a new id, so a second one would add its samples up.
    if not has_load:
        store.append_load(drill, samples.chunks, Instant(samples.until))
    return manifest


def _imported(events: Iterable[ev.Event]) -> bool:
    return any(isinstance(event.fact, ev.HistoryImported) for event in events)


def _marker(drill: DrillId, file: Path) -> ev.Event:
    # An id of chance: the file could hold another fact under one that is known, and ours would be dropped.
    return ev.Event(
        id=ids.new_event_id(),
        drill=drill,
        recorded_at=clock.now(),
        source="cli",
        fact=ev.HistoryImported(file=file.name),
    )


def _stored(store: HistoryStore, drill: DrillId) -> tuple[Sequence[ev.Event], bool]:
    """Give what the store already has of a drill, and whether that includes its load."""
    try:
        load = store.read_load(drill)
        return [row.event for row in store.read(drill)], bool(load.chunks or load.until)
    except LookupError:
        return (), False


def _unpack(file: Path) -> tuple[Manifest, list[str], str]:
    try:
        with os.fdopen(regular_files.open_regular(file), "rb") as raw, zipfile.ZipFile(raw) as zipped:
            manifest = Manifest(**json.loads(_part(zipped, "manifest.json")))
            history, load = _part(zipped, "history.jsonl"), _part(zipped, "load.jsonl")
    # All that a stranger's bytes can make zipfile and json raise.
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError, EOFError, RecursionError) as error:
        raise UsageError(f"{file} is not a drill that gameday has exported: {error}") from error
    if manifest.format != FORMAT:
        raise UsageError(
            f"{file} has format {manifest.format}; this gameday reads {FORMAT}", hint="upgrade gameday"
        )
    named: object = manifest.drill  # whatever JSON holds
    if not is_drill_id(named):
        raise UsageError(f"{file} names a drill {manifest.drill!r}, which is not a valid id")
    return manifest, history.splitlines(), load


def _part(zipped: zipfile.ZipFile, name: str) -> str:
    # The size that the file states: zipfile stops reading there, whatever follows.
    if zipped.getinfo(name).file_size > LARGEST_PART:
        raise ValueError(f"{name} is longer than {LARGEST_PART} bytes")
    # Both formats are written as ASCII: other bytes show a change.
    return zipped.read(name).decode("ascii")


def _events(file: Path, drill: DrillId, lines: Iterable[str]) -> list[ev.Event]:
    events = []
    for line in lines:
        try:
            document = envelope.parse(line)[1]
            envelope.check(document)
            event = stored_events.decode(document)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise HistoryCorrupt(f"{file}: {error}") from error
        if event.drill != drill:
            raise HistoryCorrupt(f"{file}: an event of drill {event.drill} in the history of {drill}")
        events.append(event)
    return events


def _load(file: Path, text: str) -> LoadHistory:
    try:
        return load_lines.loads(text)
    except (ValueError, RecursionError) as error:
        raise HistoryCorrupt(f"{file}: load.jsonl, {error}") from error


def _head(drill: str, lines: Iterable[str]) -> str:
    head = envelope.start(drill)
    for line in lines:
        head = envelope.chain(head, line)
    return head


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
