"""Start the shop's processes so that they die with the control server, whatever it dies of.

Start them from the main thread only: the kernel ties a child to the *thread* that forked it, and would kill
it when a worker thread ends.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from gameday.shop import parent_death
from gameday.system import processes

SCRIPT = Path(parent_death.__file__)


def start(argv: Sequence[str], *, log: Path, pass_fds: Sequence[int] = ()) -> processes.Child:
    """Start a command that is killed when this process dies; its output is appended to `log`."""
    # -I -S: no site-packages and no user settings, since this interpreter is only there for one system call.
    tied = [sys.executable, "-I", "-S", str(SCRIPT), str(os.getpid()), *argv]
    with log.open("ab") as output:
        # The drill's marker is cleared: a replica that a responder restarts must survive the drill's sweep.
        return processes.start(
            tied, env={processes.MARKER: ""}, stdout=output, stderr=processes.STDOUT, pass_fds=pass_fds
        )
