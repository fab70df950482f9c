"""Starts processes in sessions of their own, identifies them, signals them, and ends them for certain.

A signal is sent only to a process whose identity (`system.process_identity`) still holds, and through a
pidfd: no other process that has got the same pid meanwhile is ever hit.

Source: proc(5) for /proc/PID/environ, pidfd_open(2), prctl(2).
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from gameday.system import child_environment
from gameday.system.process_identity import (
    Identity,
    alive,
    boot_id,
    hostname,
    identity,
    me,
    read_stat,
    stopped,
)

# re-exported, so that callers need not know which part is in `process_identity`
__all__ = ["Identity", "alive", "boot_id", "hostname", "identity", "me", "stopped"]

MARKER = "GAMEDAY_DRILL"
"""The environment variable that names the drill of our own processes. What rollbacks, responders, `up` and
`reset` start must not inherit it: who carries it is ended when the drill closes."""

started: set[Identity] = set()
"""The processes that this one has started: other children are orphans that it has adopted."""


def _open(who: Identity) -> int | None:
    """Open a pidfd of exactly this process, or None when it is gone."""
    try:
        descriptor = os.pidfd_open(who.pid)
    except (ProcessLookupError, OSError):
        return None
    # In this order: once the pidfd is open, it means this process even if the pid is reused. So identity that
    # holds now is the descriptor's; checking first would leave a gap.
    if alive(who):
        return descriptor
    os.close(descriptor)
    return None


def send(who: Identity, number: signal.Signals) -> bool:
    """Send a signal to exactly this process; False when it is gone."""
    descriptor = _open(who)
    if descriptor is None:
        return False
    try:
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def wait_gone(who: Identity, within: float) -> bool:
    """Wait up to `within` seconds until exactly this process has ended."""
    descriptor = _open(who)
    if descriptor is None:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)  # a pidfd becomes readable when its process ends
        return bool(poll.poll(within * 1000))
    finally:
        os.close(descriptor)


def kill_and_wait(who: Identity, within: float = 5.0) -> bool:
    """SIGKILL exactly this process, and its group if it leads one; wait until it is gone."""
    stat = read_stat(who.pid) if alive(who) else None
    if stat is not None and stat[1] == who.pid:
        # It leads its group, so the group's id is its pid. There is no pidfd for a group; but the kernel does
        # not give a pid away while a group of that id has members.
        try:
            os.killpg(who.pid, signal.SIGKILL)
        except ProcessLookupError:
            return True
    else:
        send(who, signal.SIGKILL)
    return wait_gone(who, within)


def _pids() -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            yield int(entry.name)


def marked(drill: str, variable: str = MARKER) -> list[Identity]:
    """List the running processes whose environment says that they are ours in a drill (or `variable`=it)."""
    wanted = f"{variable}={drill}".encode()
    belonging = []
    for pid in _pids():
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
            if wanted in environment.split(b"\0"):
                belonging.append(identity(pid))
        except OSError:  # it ended meanwhile, or is another user's
            continue
    return [who for who in belonging if alive(who)]


def sweep(drill: str, spare: Iterable[Identity] = (), variable: str = MARKER) -> int:
    """SIGKILL every marked process of a drill, except this one and `spare`; give how many there were.

    Repeated until none is left, because a process may fork between the list and its end.
    """
    spared = {who.pid for who in spare} | {os.getpid()}
    ended: set[int] = set()
    for _ in range(20):  # a bound, in case something forks faster than it can be killed
        rest = [who for who in marked(drill, variable) if who.pid not in spared]
        if not rest:
            break
        # All signals first, then the waits: each wait would leave the others time to fork.
        for who in rest:
            ended.add(who.pid)
            send(who, signal.SIGKILL)
        for who in rest:
            wait_gone(who, 1.0)
    return len(ended)


class Child:
    """A process that we started, in a session of its own."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen
        # It is found even if it ended at once: until we wait for it, it is a zombie.
        self.identity = identity(popen.pid)
        started.add(self.identity)

    @property
    def pid(self) -> int:
        """The process id, which is also its process group and session."""
        return self._popen.pid

    @property
    def stdin(self) -> IO[bytes]:
        """Our end of its input. Raises AttributeError when it was started without a pipe."""
        if self._popen.stdin is None:
            raise AttributeError("started without stdin")
        return self._popen.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """Our end of its output. Raises AttributeError when it was started without a pipe."""
        if self._popen.stdout is None:
            raise AttributeError("started without stdout")
        return self._popen.stdout

    def poll(self) -> int | None:
        """Give the exit code, negative for a signal, or None while it runs."""
        return self._popen.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises TimeoutError."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired as late:
            raise TimeoutError(f"process {self.pid} still runs after {timeout} s") from late

    def send(self, number: signal.Signals) -> bool:
        """Send it a signal; False when it is gone."""
        if self.poll() is not None:
            return False
        return send(self.identity, number)

    def kill(self, within: float = 5.0) -> bool:
        """SIGKILL its process group and wait until it is gone."""
        if self.poll() is None:
            kill_and_wait(self.identity, within)
        try:
            # Collects the zombie, too, where the kill above has waited for the end only.
            self._popen.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True


PIPE = subprocess.PIPE
DEVNULL = subprocess.DEVNULL
STDOUT = subprocess.STDOUT


def start(
    argv: Sequence[str],
    *,
    drill: str = "",
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    stdin: bool = False,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    pass_fds: Sequence[int] = (),
) -> Child:
    """Start a process in a session of its own, marked with its drill.

    env: added to this process's environment. stdin: True gives a pipe, False /dev/null. stdout, stderr: None
    discards the output; else PIPE, STDOUT or an open file. Raises FileNotFoundError, PermissionError.
    """
    environment = child_environment.make(env or {})
    # Ours may name a drill: the keeper starts commands, too, and gameday may run in a drill's process.
    environment.pop(MARKER, None)
    if drill:
        environment[MARKER] = drill
    popen = subprocess.Popen(
        list(argv),
        env=environment,
        cwd=cwd,
        stdin=PIPE if stdin else DEVNULL,
        stdout=DEVNULL if stdout is None else stdout,
        stderr=DEVNULL if stderr is None else stderr,
        pass_fds=tuple(pass_fds),
        start_new_session=True,  # Ctrl-C at our terminal doesn't reach it, and its whole group can be killed
    )
    return Child(popen)
