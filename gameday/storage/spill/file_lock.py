"""One process of this user at a time, by the name of what it does. One that dies gives its turn back."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from gameday.system.state_folder import state_folder

FOLDER = "locks"


@contextlib.contextmanager
def held(name: str) -> Iterator[None]:
    """Wait for the turn, and keep it for this block. Where no file can be locked, nobody waits."""
    descriptor, file = -1, None
    with contextlib.suppress(OSError):
        file = _file(name)
        descriptor = _lock(file)
    try:
        yield
    finally:
        if descriptor >= 0 and file is not None:
            with contextlib.suppress(OSError):
                file.unlink()  # before it is unlocked: who waits finds that it is gone, and makes it again
            os.close(descriptor)


def _file(name: str) -> Path:
    folder = state_folder() / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / hashlib.sha256(name.encode()).hexdigest()[:24]


def _lock(file: Path) -> int:
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), file.stat()):
                return descriptor
        os.close(descriptor)
