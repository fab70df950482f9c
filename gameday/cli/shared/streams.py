"""Makes stdout and stderr of this process ones whose writing never fails and, during a drill, never waits.

Whoever reads the output may go away, stop reading, or have a full disk: then output is lost, and nothing
else. It is done once, for the whole process, so that it holds for libraries, logging, warnings and tracebacks
as well as for `cli.shared.output`. What an encoding can't hold is written as an escape.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import select
import sys
import threading
from collections import deque
from typing import TextIO, cast

from gameday.core.values import Seconds

TALK_PATIENCE: Seconds = 0.05
"""How long a write to a reader that does not read may take; the writes after it don't wait at all."""
END_PATIENCE: Seconds = 10.0
"""How long the end of a process that conducted drills waits for a reader of its stdout."""
MOST_WAITING = 1 << 20
"""Bytes that are kept for a reader who does not read; what comes after them is lost."""
CHUNK = 1 << 16
WANTED_NO_MORE = frozenset({errno.EPIPE, errno.EIO})
"""Errors of a reader that went away: a closed pipe, a closed terminal."""

_outlets: dict[int, Outlet] = {}


class Outlet(io.RawIOBase):
    """One file descriptor, written to by a thread of its own, because a write may block in the kernel."""

    def __init__(self, descriptor: int, patience: Seconds | None) -> None:
        super().__init__()
        self.patience = patience
        """Seconds that a write waits for the reader; None: as long as it takes."""
        self.lost: OSError | None = None
        """Why output was lost although somebody wants it, such as a full disk."""
        self.used = False
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._stalled = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def writable(self) -> bool:
        """Report that it can be written to."""
        return True

    def fileno(self) -> int:
        """Give the file descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Report whether it is a terminal; a closed one counts as no terminal."""
        return os.isatty(self._descriptor)

    def write(self, data: object) -> int:
        """Write everything, or lose it; never raises OSError."""
        chunk = bytes(data)  # type: ignore[call-overload]  # whatever a text stream hands on
        with self._changed:
            self.used = True
            if self._size < MOST_WAITING:
                self._waiting.append(chunk)
                self._size += len(chunk)
                self._start()
                self._changed.notify_all()
            self._wait(0 if self._stalled else self.patience)
        return len(chunk)

    def drain(self, patience: Seconds | None) -> None:
        """Wait until everything is written, or until nothing could be written for `patience` seconds."""
        with self._changed:
            size = -1
            while self._waiting and size != self._size:
                size = self._size
                self._wait(patience)

    def _start(self) -> None:
        if self._thread is None:
            # A daemon: a write that blocks forever must not keep the process alive.
            self._thread = threading.Thread(target=self._deliver, name="output", daemon=True)
            self._thread.start()

    def _wait(self, patience: Seconds | None) -> None:
        if not self._changed.wait_for(lambda: not self._waiting, patience):
            self._stalled = True

    def _deliver(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                chunk = self._waiting[0]
            # Without the lock: a write may block for as long as the reader likes.
            written = self._write(chunk[:CHUNK])
            with self._changed:
                self._waiting[0] = chunk[written:]
                if not self._waiting[0]:
                    self._waiting.popleft()
                self._size -= written
                self._stalled = self._stalled and not written
                self._changed.notify_all()

    def _write(self, chunk: bytes) -> int:
        """Write a part, and give its length; all of it where the reader is gone or the disk full."""
        try:
            return os.write(self._descriptor, chunk)
        except BlockingIOError:
            # Another process that has the same terminal or pipe set it to O_NONBLOCK.
            select.select((), (self._descriptor,), (), 1.0)
            return 0
        except OSError as error:
            if error.errno not in WANTED_NO_MORE:
                self.lost = error
            return len(chunk)


def protect() -> None:
    """Replace this process's stdout and stderr; give it a stdin where it has none."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # Else the next file that is opened, perhaps the store, would get this number and all output.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # for the process's life
    with contextlib.suppress(AttributeError, OSError, ValueError):  # a test's stand-in may be of any type
        sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]  # of what is typed, too
    sys.stdout = _text(1, sys.stdout, patience=None)
    sys.stderr = _text(2, sys.stderr, patience=TALK_PATIENCE)


def _text(descriptor: int, old: TextIO | None, patience: Seconds | None) -> TextIO:
    _outlets[descriptor] = outlet = Outlet(descriptor, patience)
    if old is not None:
        with contextlib.suppress(OSError, ValueError):
            old.flush()
    return io.TextIOWrapper(
        cast("io.BufferedWriter", outlet),  # it takes every byte at once, as a buffer does
        encoding=getattr(old, "encoding", None) or "utf-8",
        errors="backslashreplace",
        write_through=True,
    )


def never_wait() -> None:
    """Let stdout, too, wait for no reader from now on: a drill or a revert is in this process."""
    if 1 in _outlets:
        _outlets[1].patience = TALK_PATIENCE


def used() -> bool:
    """Report whether anything was written to stdout yet."""
    return 1 in _outlets and _outlets[1].used


def close() -> str:
    """Write what is left, and give why data was lost on stdout; empty where none was."""
    for outlet in _outlets.values():
        outlet.drain(None if outlet.patience is None else END_PATIENCE if outlet.fileno() == 1 else 1.0)
    lost = _outlets[1].lost if 1 in _outlets else None
    return "" if lost is None else lost.strerror or str(lost)
