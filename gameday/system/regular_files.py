"""Opens files that are files: a pipe would wait for its writer, and a device may never end.

What a workspace or a folder holds may come from a stranger, so its names say nothing of what lies there.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

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


def _is_something_else(file: Path) -> bool:
    """Report whether a name that can't be opened is no file at all: a folder, a socket."""
    try:
        return not stat.S_ISREG(file.stat().st_mode)
    except OSError:
        return False
