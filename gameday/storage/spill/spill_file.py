"""A drill's spill file: what the store can't take is kept there, read back meanwhile, and stored later.

When the store is full, read-only, locked or gone, events and load go into `FOLDER/DRILL/spill.jsonl`, synced
to the disk before `write` returns. Nothing is lost or doubled: ids tell what is already stored.

All processes of a drill write to the same file under a lock, and read it, too: so conductor, keeper and
responders still receive each other's events while the store is away.

A disk that is full has no room for a spill either, so each drill sets some aside at its start: the file
`RESERVE` occupies blocks, and becomes the spill file when the disk has none left. Its unused end is zeros.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday.core.errors import StoreUnavailable
from gameday.formats.stored import envelope
from gameday.formats.stored.envelope import Document
from gameday.storage.journal import Batch

NAME = "spill.jsonl"
RESERVE = "spill.reserve"
RESERVED_BYTES = 1 << 20
"""Enough for the facts and load of some minutes; a drill whose store is lost ends within seconds."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_ABSENT = (FileNotFoundError, NotADirectoryError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spilled:
    """The contents of a spill file."""

    documents: tuple[Document, ...] = ()
    load: tuple[Batch, ...] = ()


def path(folder: Path, drill: str) -> Path:
    """Give the spill file of a drill; folder: that of all drills' folders."""
    return folder / drill / NAME


def files(folder: Path) -> list[Path]:
    """List the spill files of all drills."""
    return sorted(folder.glob(f"*/{NAME}"))


def reserve(folder: Path, drill: str) -> None:
    """Set space aside for a drill's spill.

    Failing is no error: a disk that has no space now refuses the drill's first fact as well.
    """
    file = path(folder, drill).with_name(RESERVE)
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Written, not truncated to its size: a sparse file would occupy no blocks.
        with file.open("xb") as reserved:
            reserved.write(bytes(RESERVED_BYTES))


def release(folder: Path, drill: str) -> None:
    """Give back the space that a drill did not need."""
    with suppress(OSError):
        path(folder, drill).with_name(RESERVE).unlink()


def write(folder: Path, documents: Iterable[Document], load: Iterable[Batch] = ()) -> None:
    """Keep events and load in spill files, synced to the disk. Raises StoreUnavailable."""
    by_drill: dict[str, list[str]] = {}
    for document in documents:
        by_drill.setdefault(document["drill"], []).append(json.dumps({"event": document}))
    for batch in load:
        by_drill.setdefault(batch.drill, []).append(json.dumps({"load": batch._asdict()}))
    for drill, lines in by_drill.items():
        file = path(folder, drill)
        try:
            _append(file, "".join(line + "\n" for line in lines).encode())
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreUnavailable(f"events can't be kept in {file} either: {reason}") from error


def read(file: Path) -> Spilled:
    """Read a spill file; a missing one is empty. An incomplete line was never acknowledged, and is dropped.

    Raises StoreUnavailable for a file that can't be read.
    """
    try:
        with _explained(file):
            # Without the lock: of a line that is being written, `_records` drops what is there so far.
            return _parse(file.read_bytes().rstrip(b"\0"))
    except _ABSENT:
        return Spilled()


@contextmanager
def taking(file: Path) -> Iterator[Spilled]:
    """Give the contents of a spill file, and delete it when the block succeeds; it is locked meanwhile.

    Raises StoreUnavailable where it can't be read or deleted. If it stays after its contents were stored,
    they are stored again: once per id.
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
            # Under the lock, so that nobody appends to it between the reading and the deletion.
            file.unlink()
    finally:
        os.close(descriptor)


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Turn errors of the file system into StoreUnavailable, except that there is no such file."""
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
        # The last line is incomplete when its writer died or the disk was full: begin a new one.
        if before and not before.endswith(b"\n"):
            content = b"\n" + content
        try:
            _write_through(descriptor, content, len(before))
        except OSError as error:
            if error.errno not in _FULL:
                raise
            _use_reserve(file, before + content, error)
        _sync_folder(file.parent)  # else a power cut could take the file's name, and so its contents
    finally:
        os.close(descriptor)


def _use_reserve(file: Path, content: bytes, full: OSError) -> None:
    """Write all content into the space that was set aside, and make that the spill file.

    Overwriting its zeros needs no new blocks, and renaming it over the old file frees some.
    """
    reserved = file.with_name(RESERVE)
    if not reserved.exists():
        raise full
    descriptor = os.open(reserved, os.O_WRONLY | os.O_CLOEXEC)
    try:
        _write_through(descriptor, content, 0)
    finally:
        os.close(descriptor)
    reserved.replace(file)


def _write_through(descriptor: int, content: bytes, offset: int) -> None:
    while content:
        written = os.pwrite(descriptor, content, offset)
        content, offset = content[written:], offset + written
    os.fsync(descriptor)


def _lock(file: Path, flags: int) -> int:
    """Open and lock the file at this path.

    While we waited for the lock, another process may have stored and deleted the file, or replaced it with
    the reserve. Then our descriptor is of a file without a name, and we open the path again.
    """
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
        load=tuple(record["load"] for record in records if "load" in record),
    )


def _records(lines: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    """Give what was written here; any other line, which a stranger's workspace may hold, is dropped."""
    for line in lines:
        try:
            record = json.loads(line)
            if "event" in record:
                envelope.check(record["event"])
            else:
                record["load"] = _batch(record["load"])
        # Most often incomplete: its writer died before this was acknowledged.
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
        yield record


def _batch(record: dict[str, Any]) -> Batch:
    """Raises TypeError, KeyError, ValueError for anything else."""
    batch = Batch(**{**record, "lines": tuple(record["lines"])})
    if not all(isinstance(text, str) for text in (batch.id, batch.drill, *batch.lines)):
        raise TypeError("not load as it is stored")
    return batch._replace(ends=float(batch.ends), until=float(batch.until))
