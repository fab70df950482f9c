"""A drill's spill file: what the store can't take is kept there, read back meanwhile, and stored later.

When the store is full, read-only, locked or gone, events and load go into `FOLDER/DRILL/spill.jsonl`, synced
to the disk before `write` returns. Nothing is lost or doubled: ids tell what is already stored.

All processes of a drill write to the same file under a lock, and read it, too: so conductor, keeper and
responders still receive each other's events while the store is away.

The file may be anything: a workspace may come from a stranger. Only an ordinary file is opened, only what can
be stored is taken from it, and a file that holds anything else is set aside: renamed, and named on stderr. So
nothing that lies there keeps a drill from being reverted.

A disk that is full has no room for a spill either, so each drill sets some aside at its start: the file
`RESERVE` occupies blocks, and becomes the spill file when the disk has none left. Its unused end is zeros.
"""

from __future__ import annotations

import errno
import fcntl
import functools
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday.core.errors import SHARED, StoreUnavailable
from gameday.core.values import is_drill_id, is_instant
from gameday.formats.stored import envelope
from gameday.formats.stored.envelope import Document
from gameday.storage.journal import Batch
from gameday.system import regular_files
from gameday.system.regular_files import NotRegularError

NAME = "spill.jsonl"
RESERVE = "spill.reserve"
ASIDE = "spill.set-aside-{number}.jsonl"
RESERVED_BYTES = 1 << 20
"""Enough for the facts and load of some minutes; a drill whose store is lost ends within seconds."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_ABSENT = (FileNotFoundError, NotADirectoryError)
_ELSEWHERE = (*_ABSENT, PermissionError, NotRegularError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spilled:
    """The contents of a spill file. refused: why parts of it can't be stored."""

    documents: tuple[Document, ...] = ()
    load: tuple[Batch, ...] = ()
    refused: list[str] = field(default_factory=list)


def path(folder: Path, drill: str) -> Path:
    """Give the spill file of a drill; folder: that of all drills' folders."""
    return folder / drill / NAME


def exists(folder: Path, drill: str) -> bool:
    """Report whether a drill has a spill file, as far as this user may see."""
    return os.path.exists(path(folder, drill))  # noqa: PTH110  # Path's own raises for another user's folder


def files(folder: Path) -> list[Path]:
    """List the spill files of all drills."""
    return sorted(folder.glob(f"*/{NAME}"))


def reserve(folder: Path, drill: str) -> None:
    """Set space aside for a drill's spill.

    Failing is no error: a disk that has no space now refuses the drill's first fact as well.
    """
    file = path(folder, drill).with_name(RESERVE)
    with suppress(OSError):
        regular_files.make_folder(file.parent)
        # Written, not truncated to its size: a sparse file would occupy no blocks.
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as reserved:
            regular_files.share(file, reserved.fileno())  # it may become the spill file
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

    One that this user may not read is named on stderr, and left out. Raises StoreUnavailable for a file that
    can't be read for another reason.
    """
    try:
        with _explained(file):
            # Without the lock: of a line that is being written, `_records` drops what is there so far.
            return _parse(regular_files.read_regular(file).rstrip(b"\0"), file.parent.name)
    except NotRegularError as error:
        raise StoreUnavailable(str(error), hint="the next command that writes sets it aside") from error
    except PermissionError as error:
        _leave_out(file, error)
        return Spilled()
    except _ABSENT:
        return Spilled()


@contextmanager
def taking(file: Path) -> Iterator[Spilled]:
    """Give the contents of a spill file, and delete it when the block succeeds; it is locked meanwhile.

    One that this user may not change is named on stderr and left. Where anything was refused, here or by the
    block in `refused`, the file is set aside instead. Raises StoreUnavailable where it can't be read, deleted
    or set aside. If it stays after its contents were stored, they are stored again: once per id.
    """
    try:
        with _explained(file):
            descriptor = _lock(file, os.O_RDWR)
    except NotRegularError as error:
        _set_aside(file, str(error.strerror))
        yield Spilled()
        return
    except PermissionError as error:
        _leave_out(file, error)
        yield Spilled()
        return
    except _ABSENT:
        yield Spilled()
        return
    try:
        spilled = _parse(_content(descriptor), file.parent.name)
        yield spilled
        with _explained(file, _ABSENT):
            # Under the lock, so that nobody appends to it between the reading and the deletion.
            if spilled.refused:
                _set_aside(file, spilled.refused[0])
            else:
                file.unlink()
    finally:
        os.close(descriptor)


@functools.cache
def _name_once(file: Path, reason: str) -> None:
    import logging  # noqa: PLC0415  # a responder's command may pass this module

    from gameday.core.visible import line  # noqa: PLC0415

    text = "warning: what was kept in %s is left out: %s; %s"
    logging.getLogger(__name__).warning(text, line(str(file)), reason, SHARED)


def _leave_out(file: Path, error: PermissionError) -> None:
    """Name a file that belongs to another user on stderr, once: nothing else may fail for it."""
    _name_once(file, error.strerror or str(error))


def _set_aside(file: Path, why: str) -> None:
    """Rename a file that can't be stored, and name it on stderr. Raises StoreUnavailable."""
    import itertools  # noqa: PLC0415  # only here, and a responder's command may pass this module
    import logging  # noqa: PLC0415

    from gameday.core.visible import line  # noqa: PLC0415

    aside = next(
        name
        for number in itertools.count(1)
        if not os.path.lexists(name := file.with_name(ASIDE.format(number=number)))
    )
    with suppress(FileNotFoundError), _explained(file, _ABSENT):
        file.rename(aside)
        # Printed on stderr, as nobody has configured anything else.
        text = "warning: %s could not be stored, and was set aside as %s: %s"
        logging.getLogger(__name__).warning(text, line(str(file)), aside.name, line(why))


@contextmanager
def _explained(file: Path, others: tuple[type[OSError], ...] = _ELSEWHERE) -> Iterator[None]:
    """Turn errors of the file system into StoreUnavailable, but for those that mean something else here.

    others: those; by default that there is no such file, or not an ordinary one, or another user's.
    """
    try:
        yield
    except others:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreUnavailable(
            f"what was kept in {file} can't be stored: {reason}",
            hint="check the file, its folder and its disk",
        ) from error


def _append(file: Path, content: bytes) -> None:
    regular_files.make_folder(file.parent)
    try:
        descriptor = _lock(file, os.O_RDWR | os.O_CREAT)
    except NotRegularError as error:
        _set_aside(file, str(error.strerror))
        descriptor = _lock(file, os.O_RDWR | os.O_CREAT)
    try:
        regular_files.share(file, descriptor)
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
    descriptor = regular_files.open_regular(reserved, os.O_WRONLY)
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
        descriptor = regular_files.open_regular(file, flags)
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


def _parse(content: bytes, drill: str) -> Spilled:
    spilled: dict[str, list[Any]] = {"event": [], "load": []}
    refused: list[str] = []
    for line in filter(None, content.split(b"\n")):
        try:
            record = json.loads(line)
        except ValueError:  # incomplete: its writer died before this was acknowledged
            continue
        except RecursionError:
            refused.append("a line is nested too deeply")
            continue
        try:
            name, part = _record(record, drill)
            spilled[name].append(part)
        # All that a stranger's values can raise where they are looked at.
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            refused.append(f"a line in it is not a part of drill {drill}: {error}")
    return Spilled(documents=tuple(spilled["event"]), load=tuple(spilled["load"]), refused=refused)


def _record(record: Any, drill: str) -> tuple[str, Any]:
    """Give an event or a batch of load as it is stored; raise what is wrong with it."""
    match record:
        case {"event": event, **rest} if not rest:
            envelope.check(event)
            if event["drill"] != drill:  # each drill has a file of its own
                raise ValueError("an event of another drill")
            return "event", event
        case {"load": dict(load), **rest} if not rest:
            return "load", _batch(load, drill)
        case _:
            raise TypeError("neither an event nor load")


def _batch(record: dict[str, Any], drill: str) -> Batch:
    envelope.check_value(record)
    batch = Batch(**{**record, "lines": tuple(record["lines"])})
    if not all(isinstance(text, str) for text in (batch.id, *batch.lines)):
        raise TypeError("load of another form")
    if batch.drill != drill or not is_drill_id(drill):
        raise ValueError("load of another drill")
    if len(batch.id) > envelope.LONGEST_NAME or "\0" in batch.id:
        raise ValueError("load under no valid id")
    if not is_instant(batch.ends) or not is_instant(batch.until):
        raise ValueError("load of no valid time")
    return batch._replace(ends=float(batch.ends), until=float(batch.until))
