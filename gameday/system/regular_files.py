"""Opens files that are files: a pipe would wait for its writer, and a device may never end.

What a workspace or a folder holds may come from a stranger, so its names say nothing of what lies there.

What is made in a group's folder is the group's, as in a shared Git repository: such a folder has its setgid
bit set, and gives rights to its group. What is made there gets the same ones, and the world gets none.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o700
LARGEST = 256 * 1024**2
"""Bytes that are read of one file at most."""


class NotRegularError(OSError):
    """A name leads to a folder, a pipe, a socket or a device."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} is not an ordinary file")
        self.strerror = "it is not an ordinary file"


def open_regular(file: Path, flags: int = os.O_RDONLY) -> int:
    """Open an ordinary file, for its owner only where it is made; give its descriptor.

    Raises NotRegularError, OSError. O_NONBLOCK, because opening a named pipe would otherwise wait.
    """
    try:
        descriptor = os.open(file, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if _is_something_else(file):
            raise NotRegularError(file) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotRegularError(file)
    return descriptor


def read_regular(file: Path, *, largest: int = LARGEST) -> bytes:
    """Read an ordinary file whole. Raises NotRegularError, OSError, also for one that is too large."""
    with os.fdopen(open_regular(file), "rb") as opened:
        content = opened.read(largest + 1)
    if len(content) > largest:
        raise OSError(f"{file} is larger than {largest} bytes")
    return content


def make_folder(folder: Path) -> None:
    """Make a folder and what is missing above it: for its owner, and for the group of the folder above.

    Raises OSError.
    """
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    with suppress(FileExistsError):  # another process was faster
        folder.mkdir(mode=PRIVATE)
        share(folder)


def share(file: Path, descriptor: int | None = None) -> None:
    """Give a file or folder of this user the rights that its folder gives to its group.

    descriptor: that of the file, where it is open. Without effect in a folder that is no group's, and on what
    belongs to somebody else, or where the file system refuses it.
    """
    with suppress(OSError):
        above, own = file.parent.stat(), file.lstat()
        given = above.st_mode & stat.S_IRWXG
        if not above.st_mode & stat.S_ISGID or not given or own.st_gid != above.st_gid:
            return
        # A link that somebody of the group laid there must not open this user's own files to them.
        if not _is_what_was_made(own, descriptor):
            return
        if stat.S_ISDIR(own.st_mode):
            given |= stat.S_ISGID
        else:
            given &= ~stat.S_IXGRP
        mode = stat.S_IMODE(own.st_mode) | given
        if mode != stat.S_IMODE(own.st_mode):
            os.chmod(file if descriptor is None else descriptor, mode)  # noqa: PTH101  # Path has no descriptors


def _is_what_was_made(own: os.stat_result, descriptor: int | None) -> bool:
    if own.st_uid != os.geteuid():
        return False
    if descriptor is not None and not os.path.samestat(own, os.fstat(descriptor)):
        return False
    return stat.S_ISDIR(own.st_mode) or (stat.S_ISREG(own.st_mode) and own.st_nlink == 1)


def _is_something_else(file: Path) -> bool:
    """Report whether a name that can't be opened is no file at all: a folder, a socket."""
    try:
        return not stat.S_ISREG(file.stat().st_mode)
    except OSError:
        return False
