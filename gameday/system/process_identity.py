"""Identifies a process by more than its pid, and finds whether it is alive.

The kernel reuses pids; the triple of pid, start ticks and boot id never comes again. Apart from `processes`,
because responders' commands need only this, and must start quickly.

Source: proc(5) for /proc/PID/stat.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import NamedTuple

NUDGE = signal.SIGURG
"""The signal of `nudge`, which every process ignores that does not ask for it: signal(7)."""
HOST = "GAMEDAY_HOST"
"""The variable with this machine's name in histories, for a container, whose own name changes."""


class Identity(NamedTuple):
    """A process, identified once and for all on this host."""

    pid: int
    started_ticks: int
    boot: str


def boot_id() -> str:
    """Give the kernel's id of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def hostname() -> str:
    """Give this host's name."""
    return os.environ.get(HOST) or os.uname().nodename


def read_stat(pid: int) -> tuple[str, int, int] | None:
    """Give (state, process group, start ticks) of a process, or None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the command's name in parentheses, which may itself hold spaces and parentheses.
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[2]), int(fields[19])


def identity(pid: int) -> Identity:
    """Identify a running process. Raises ProcessLookupError when there is none."""
    stat = read_stat(pid)
    if stat is None:
        raise ProcessLookupError(pid)
    return Identity(pid=pid, started_ticks=stat[2], boot=boot_id())


def me() -> Identity:
    """Identify this process."""
    return identity(os.getpid())


def alive(who: Identity) -> bool:
    """Report whether exactly this process still runs; a zombie does not."""
    return _state(who) not in "ZX"


def stopped(who: Identity) -> bool:
    """Report whether exactly this process is stopped, by SIGSTOP or a debugger: alive, but not running."""
    return _state(who) in "tT"


def nudge(who: Identity) -> None:
    """Let a process that waits (`wakeup`) look into the store now; without effect where it is gone."""
    with contextlib.suppress(OSError):  # another user's, or gone meanwhile
        if alive(who):
            os.kill(who.pid, NUDGE)


def _state(who: Identity) -> str:
    """Give the letter of a process's state; X when it is gone."""
    # After a reboot, pids and start ticks begin anew: only the boot id tells such processes apart.
    stat = read_stat(who.pid) if who.boot == boot_id() else None
    return "X" if stat is None or stat[2] != who.started_ticks else stat[0]
