"""Runs a command to its end, or to its time limit."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gameday.core.values import Seconds
from gameday.system import processes
from gameday.system.descent import tree

POLL_INTERVAL: Seconds = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """A command that ended. exit_code None: it was ended by us, at its time limit or unwanted."""

    exit_code: int | None
    output: str
    seconds: float


def call(
    argv: Sequence[str],
    *,
    timeout: Seconds,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    limit: int = 65536,
    unwanted: threading.Event | None = None,
    on_start: Callable[[processes.Identity], object] = lambda _who: None,
) -> Finished:
    """Run a command to its end; give stdout and stderr together, the last `limit` bytes.

    At its time limit, or once it is `unwanted`, it is ended with its group and all that descends from it.
    What it leaves running when it ends by itself goes on. For a command that can't be started the exit code
    is 127.
    """
    begin = time.monotonic()
    with output_file() as output:
        try:
            child = processes.start(argv, env=env, cwd=cwd, stdout=output, stderr=processes.STDOUT)
        except OSError as error:
            # The exit code by which shells report a command that can't be started.
            return Finished(exit_code=127, output=str(error), seconds=0.0)
        on_start(child.identity)
        code = _wait(child, begin + timeout, unwanted)
        text = _end_of(output, limit)
    if code is None:
        text = f"no end within {timeout:g} s"
    return Finished(exit_code=code, output=text, seconds=time.monotonic() - begin)


def output_file() -> IO[bytes]:
    """Open a file for a command's output.

    Not a pipe: a service that the command starts would keep it open, so that its end never comes, and would
    be killed by its first line after our end.
    """
    with contextlib.suppress(OSError):
        return tempfile.TemporaryFile()
    return os.fdopen(os.memfd_create("output"), "w+b")  # the disk is full


def _wait(child: processes.Child, end: float, unwanted: threading.Event | None) -> int | None:
    while time.monotonic() < end and not (unwanted is not None and unwanted.is_set()):
        left = end - time.monotonic()
        with contextlib.suppress(TimeoutError):
            return child.wait(max(0.0, min(left, POLL_INTERVAL) if unwanted is not None else left))
    tree.end_with_descendants(child.identity)
    child.kill()
    return None


def _end_of(output: IO[bytes], limit: int) -> str:
    # Not by reading: the position in the file is that of what the command has left running, too.
    size = os.fstat(output.fileno()).st_size
    return os.pread(output.fileno(), limit, max(0, size - limit)).decode(errors="replace")
