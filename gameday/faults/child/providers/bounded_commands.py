"""Let a process provider's timeout end its command with all that the command has started.

chaoslib kills only the command itself: a shell's children go on, and, as they hold its pipes, chaoslib
waits for them without a limit.
"""

from __future__ import annotations

import os
import subprocess
from types import SimpleNamespace
from typing import Any

from chaoslib.provider import process

from gameday.system import processes
from gameday.system.commands import output_file
from gameday.system.descent import tree


def bound() -> None:
    """Have chaoslib's process provider run its commands by `run`."""
    process.subprocess = SimpleNamespace(**{**vars(subprocess), "run": run})


def run(
    arguments: Any, *, timeout: float | None = None, **options: Any
) -> subprocess.CompletedProcess[bytes]:
    """Run a command as `subprocess.run` does with pipes; end it with its descendants when it is cut off.

    What it leaves running when it ends by itself goes on, and keeps no pipe of ours open.
    """
    # Parameters of `subprocess.run` alone, by which newer versions of chaoslib ask for both pipes.
    for own in ("capture_output", "check"):
        options.pop(own, None)
    with output_file() as out, output_file() as err:
        options |= {"stdout": out, "stderr": err}
        command = subprocess.Popen(arguments, start_new_session=True, **options)
        who = processes.identity(command.pid)
        try:
            code = command.wait(None if timeout is None else float(timeout))
        except BaseException:  # a signal to this process, too, ends it: raised again
            tree.end_with_descendants(who)
            command.wait()
            raise
        texts = [_whole(file) for file in (out, err)]
    return subprocess.CompletedProcess(arguments, code, *texts)


def _whole(file: Any) -> bytes:
    # Not by reading: its position is that of what the command has left running, too.
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)
