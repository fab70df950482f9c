"""A cgroup for the processes of an experiment's method: nothing that is born in it gets out by itself.

Version 2 only. Where none can be made (no cgroup2, no right to it), every function does nothing, and
descent (`tree`) is what the processes are known by.

Source: cgroups(7); the kernel's admin-guide/cgroup-v2 for cgroup.procs, cgroup.kill and cgroup.events.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from gameday.core.values import Seconds

SWITCH = "GAMEDAY_CGROUP"
"""The variable that forbids cgroups when it is `off`."""
KILL_LIMIT: Seconds = 5.0
POLL_INTERVAL: Seconds = 0.002


def own() -> Path | None:
    """Find the folder of this process's own cgroup; None where there is no cgroup2 mount that shows it."""
    if os.environ.get(SWITCH) == "off":
        return None
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    places = [line.removeprefix("0::") for line in lines if line.startswith("0::")]
    for fields in map(str.split, mounts):
        if places and fields[fields.index("-") + 1] == "cgroup2":
            root, mount = fields[3], fields[4]
            # In a container, the mount may show only a part of the hierarchy.
            inside = os.path.relpath(places[0], root)
            if not inside.startswith(".."):
                return Path(mount, inside)
    return None


def make(name: str) -> Path | None:
    """Make a cgroup below our own; None where that can't be done."""
    parent = own()
    if parent is None:
        return None
    folder = parent / name.replace("/", "_")
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        # A cgroup must let itself be entered and killed to be of use: `enter` moves whole processes only.
        if (folder / "cgroup.kill").exists() or (folder / "cgroup.freeze").exists():
            return folder
    return None


def usable() -> str:
    """Try whether this process could use a cgroup; give why not, else an empty text."""
    if os.environ.get(SWITCH) == "off":
        return f"{SWITCH}=off"
    if own() is None:
        return "no cgroup2 is mounted"
    folder = make(f"gameday-try-{os.getpid()}")
    if folder is None:
        return f"no cgroup can be made below {own()}"
    try:
        if not os.access(folder.parent / "cgroup.procs", os.W_OK):
            return f"no process can be moved out of {folder.parent}"
    finally:
        remove(folder)
    return ""


def enter(folder: Path, pid: int = 0) -> bool:
    """Move a process (0: this one) with all its threads into a cgroup; False where it can't be moved."""
    try:
        (folder / "cgroup.procs").write_text(str(pid), encoding="ascii")
    except OSError:
        return False
    return True


def leave(folder: Path, pid: int = 0) -> bool:
    """Move a process (0: this one) back to where the cgroup was made; False where it can't be moved."""
    return enter(folder.parent, pid)


def members(folder: Path) -> list[int]:
    """List the processes in a cgroup and in those that were made below it."""
    found: list[int] = []
    for place in (folder, *_inner(folder)):
        with contextlib.suppress(OSError):
            found += map(int, (place / "cgroup.procs").read_text(encoding="ascii").split())
    return found


def kill(folder: Path, within: Seconds = KILL_LIMIT) -> bool:
    """SIGKILL every process in a cgroup, and wait until there is none; True then.

    Without effect on the caller's own cgroup and those above it.
    """
    here = own()
    if here is not None and here.is_relative_to(folder):
        return False
    end = time.monotonic() + within
    while _populated(folder):
        if not _kill_at_once(folder):
            _kill_frozen(folder)
        if time.monotonic() > end:
            return False
        time.sleep(POLL_INTERVAL)
    return True


def remove(folder: Path) -> bool:
    """Remove an empty cgroup with those below it."""
    try:
        for place in (*reversed(_inner(folder)), folder):
            place.rmdir()
    except OSError:
        return not folder.exists()
    return True


def _inner(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.rglob("*") if entry.is_dir())


def _populated(folder: Path) -> bool:
    try:
        return "populated 1" in (folder / "cgroup.events").read_text(encoding="ascii")
    except OSError:
        return False


def _kill_at_once(folder: Path) -> bool:
    try:
        (folder / "cgroup.kill").write_text("1", encoding="ascii")
    except OSError:  # a kernel before 5.14
        return False
    return True


def _kill_frozen(folder: Path) -> None:
    """Kill them one by one while none of them can fork; SIGKILL ends frozen processes."""
    with contextlib.suppress(OSError):
        (folder / "cgroup.freeze").write_text("1", encoding="ascii")
    for pid in members(folder):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
