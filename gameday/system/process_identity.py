"""Who a process is, for ever, and whether it lives: the part that the quickest commands need.

A pid is reused; (`pid`, start ticks, boot id) is not.

Source: proc(5) for /proc/PID/stat.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

HOST = "GAMEDAY_HOST"
"""The variable that names this machine in histories, where its own name changes: a container's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """A process, named for ever on this host."""

    pid: int
    started_ticks: int
    boot: str


def boot_id() -> str:
    """Give the kernel's id of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def hostname() -> str:
    """Give this host's name."""
    return os.environ.get(HOST) or socket.gethostname()


def look(pid: int) -> tuple[str, int, int] | None:
    """Give (state, process group, start ticks) of a process, or None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and parentheses
    return fields[0], int(fields[2]), int(fields[19])


def identity(pid: int) -> Identity:
    """Name a running process. Raises ProcessLookupError when there is none."""
    found = look(pid)
    if found is None:
        raise ProcessLookupError(pid)
    return Identity(pid=pid, started_ticks=found[2], boot=boot_id())


def me() -> Identity:
    """Name this process."""
    return identity(os.getpid())


def alive(who: Identity) -> bool:
    """Tell whether exactly this process still runs; a zombie does not."""
    return _state(who) not in "ZX"


def stopped(who: Identity) -> bool:
    """Tell whether exactly this process is stopped: it lives, and does nothing."""
    return _state(who) in "tT"


def _state(who: Identity) -> str:
    """Give the letter of a process's state; X when it is gone."""
    found = look(who.pid) if who.boot == boot_id() else None
    return "X" if found is None or found[2] != who.started_ticks else found[0]
