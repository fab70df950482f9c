"""What the store can't take is kept on disk beside it, read back meanwhile, and stored later.

Comes in: events and load for a store that is full, read-only, locked or gone. Goes out: lines in
`FOLDER/DRILL/spill.jsonl`, written through to the disk before `append` returns, and merged into the
store as soon as it takes them. Does not: lose or double anything: ids tell what is already stored.

Every process of a drill spills into the same file under a lock, and reads it too: while the store is
away, conductor, keeper and responders still hear of each other.

A disk that fills up has no room for a spill either, so a drill sets some aside before it needs it:
`RESERVE` holds blocks, and becomes the spill file when the disk gives no more. Its unused end is zeros.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gameday.core.errors import StoreUnavailable
from gameday.formats.stored.envelope import Document
from gameday.storage.journal import Batch

NAME = "spill.jsonl"
RESERVE = "spill.reserve"
ROOM = 1 << 20
"""Bytes set aside: facts and load of some minutes, and a drill whose store is lost ends within seconds."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_ABSENT = (FileNotFoundError, NotADirectoryError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spilled:
    """What stands in a spill file."""

    documents: tuple[Document, ...] = ()
    load: tuple[Batch, ...] = ()


def path(folder: Path, drill: str) -> Path:
    """Give the spill file of a drill; folder: that of all drills' folders."""
    return folder / drill / NAME


def files(folder: Path) -> list[Path]:
    """List the spill files of all drills."""
    return sorted(folder.glob(f"*/{NAME}"))


def reserve(folder: Path, drill: str) -> None:
    """Set room aside for a drill's spill; a disk that has none now refuses the drill's first fact as well."""
    file = path(folder, drill).with_name(RESERVE)
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file.open("xb") as room:
            room.write(bytes(ROOM))


def release(folder: Path, drill: str) -> None:
    """Give back the room that a drill did not need."""
    with suppress(OSError):
        path(folder, drill).with_name(RESERVE).unlink()


def write(folder: Path, documents: Iterable[Document], load: Iterable[Batch] = ()) -> None:
    """Keep events and load beside the store, through to the disk. Raises StoreUnavailable."""
    by_drill: dict[str, list[str]] = {}
    for document in documents:
        by_drill.setdefault(document["drill"], []).append(json.dumps({"event": document}))
    for batch in load:
        by_drill.setdefault(batch.drill, []).append(json.dumps({"load": asdict(batch)}))
    for drill, lines in by_drill.items():
        file = path(folder, drill)
        try:
            _append(file, "".join(line + "\n" for line in lines).encode())
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreUnavailable(f"events can't be kept in {file} either: {reason}") from error


def read(file: Path) -> Spilled:
    """Read a spill file; one that isn't there holds nothing. A torn last line was never acknowledged.

    Raises StoreUnavailable for one that can't be read.
    """
    try:
        with _explained(file):
            return _parse(file.read_bytes().rstrip(b"\0"))
    except _ABSENT:
        return Spilled()


@contextmanager
def taking(file: Path) -> Iterator[Spilled]:
    """Give what a spill file holds, and remove the file when the block succeeds; nobody writes meanwhile.

    Raises StoreUnavailable where it can't be read or removed; what was stored twice is there once.
    """
    try:
        with _explained(file):
            descriptor = _lock(file, os.O_RDWR)
    except _ABSENT:
        yield Spilled()
        return
    try:
        yield _parse(_content(descriptor))
        with _explained(file):
            file.unlink()
    finally:
        os.close(descriptor)


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Turn what the file system says into StoreUnavailable, but that there is no such file."""
    try:
        yield
    except _ABSENT:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreUnavailable(
            f"what was kept in {file} can't be stored: {reason}",
            hint="check the file, its folder and its disk",
        ) from error


def _append(file: Path, content: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = _lock(file, os.O_RDWR | os.O_CREAT)
    try:
        before = _content(descriptor)
        if before and not before.endswith(b"\n"):  # torn by a death or a full disk: start a line of our own
            content = b"\n" + content
        try:
            _write_through(descriptor, content, len(before))
        except OSError as error:
            if error.errno not in _FULL:
                raise
            _use_reserve(file, before + content, error)
        _sync_folder(file.parent)
    finally:
        os.close(descriptor)


def _use_reserve(file: Path, content: bytes, full: OSError) -> None:
    """Put all content into the room that was set aside, and let that be the spill file from now on."""
    room = file.with_name(RESERVE)
    if not room.exists():
        raise full
    descriptor = os.open(room, os.O_WRONLY | os.O_CLOEXEC)
    try:
        _write_through(descriptor, content, 0)
    finally:
        os.close(descriptor)
    room.replace(file)


def _write_through(descriptor: int, content: bytes, place: int) -> None:
    while content:
        written = os.pwrite(descriptor, content, place)
        content, place = content[written:], place + written
    os.fsync(descriptor)


def _lock(file: Path, flags: int) -> int:
    """Open and lock the file that stands at the path; another process may be removing it."""
    while True:
        descriptor = os.open(file, flags | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            if os.path.samestat(os.fstat(descriptor), file.stat()):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)


def _content(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, size, 0).rstrip(b"\0")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parse(content: bytes) -> Spilled:
    records = list(_records(content.split(b"\n")))
    return Spilled(
        documents=tuple(record["event"] for record in records if "event" in record),
        load=tuple(_batch(record["load"]) for record in records if "load" in record),
    )


def _records(lines: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:  # torn: its writer did not live to hear that it was kept
            continue
        yield record


def _batch(found: dict[str, Any]) -> Batch:
    return Batch(**{**found, "lines": tuple(found["lines"])})
