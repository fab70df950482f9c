"""Bring the shop up and take it down; both may be repeated without harm.

The control server gets a session of its own, so that it outlives the terminal and the drill that started it.
"""

from __future__ import annotations

import fcntl
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from gameday.core.errors import NotReady, UsageError
from gameday.shop import client, state_folder
from gameday.shop.settings import MAX_REPLICAS
from gameday.shop.state_folder import Ports, Record, StateFolder
from gameday.system import clock, processes

READY_TIMEOUT = 30.0
DOWN_TIMEOUT = 10.0


def _free_ports() -> Ports:
    with ExitStack() as stack:  # all three at once, so that they differ
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        edge, admin, control = (listener.getsockname()[1] for listener in sockets)
    return Ports(edge=edge, admin=admin, control=control)


def _taken(ports: Ports) -> bool:
    """Check whether somebody listens on one of the ports."""
    for port in (ports.edge, ports.admin, ports.control):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            return True
    return False


def up(*, port_base: int = 8080, replicas: int = 2, restart_crashed: bool = False) -> dict[str, Any]:
    """Bring the shop up unless it is up already, and give its status.

    Its ports are three in a row from `port_base`; 0 takes any free ones.
    Raises NotReady, with the control server's last line of output, when it does not get ready.
    """
    if not 1 <= replicas <= MAX_REPLICAS:
        raise UsageError(f"the shop has 1 to {MAX_REPLICAS} replicas, not {replicas}")
    folder = state_folder.current()
    with _locked(folder):
        record = folder.read_record() or _start_from(folder, port_base, replicas, restart_crashed)
    status: dict[str, Any] = client.get("/status", record.control_url)
    return status


def down() -> bool:
    """Take the shop down; False when it was not up."""
    folder = state_folder.current()
    with _locked(folder):
        record = folder.read_record()
        if record is None:
            return False
        processes.send(record.owner, signal.SIGTERM)
        if not processes.wait_gone(record.owner, DOWN_TIMEOUT):
            # Edge and replicas die with it, however it ends (see parent_death).
            processes.kill_and_wait(record.owner)
        folder.record.unlink(missing_ok=True)
    return True


@contextmanager
def _locked(folder: StateFolder) -> Iterator[None]:
    """Hold the folder's lock: two `up` at once must not start two shops."""
    folder.folder.mkdir(parents=True, exist_ok=True)
    with (folder.folder / "lock").open("w") as lock:
        # The kernel releases the lock however this process ends.
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start_from(
    folder: StateFolder, base: int, replicas: int, restart_crashed: bool, tries: int = 3
) -> Record:
    """Start on three ports in a row, or on free ones; try others if somebody takes one before we listen."""
    ports = Ports(edge=base, admin=base + 1, control=base + 2) if base else _free_ports()
    try:
        return _start(folder, ports, replicas, restart_crashed)
    except NotReady:
        # With free ports of its own it would fail for any other reason again.
        if base or tries == 1 or not _taken(ports):
            raise
    return _start_from(folder, base, replicas, restart_crashed, tries - 1)


def _start(folder: StateFolder, ports: Ports, replicas: int, restart_crashed: bool) -> Record:
    for subfolder in (folder.edge, folder.logs):
        subfolder.mkdir(exist_ok=True)
        for leftover in subfolder.iterdir():
            leftover.unlink()
    # -P: modules of the working folder must not hide ours.
    argv = [sys.executable, "-P", "-m", "gameday.shop.control", str(folder.folder)]
    argv += [str(ports.edge), str(ports.admin), str(ports.control)]
    argv += [str(replicas), "restart" if restart_crashed else "leave"]
    with (folder.logs / "control.out").open("ab") as output:
        unmarked = {
            processes.MARKER: ""
        }  # a drill's sweep kills what carries its marker; the shop outlives it
        child = processes.start(argv, env=unmarked, stdout=output, stderr=processes.STDOUT)
    return _wait(folder, child)


def _wait(folder: StateFolder, child: processes.Child) -> Record:
    deadline = clock.monotonic() + READY_TIMEOUT
    while child.poll() is None and clock.monotonic() < deadline:
        if record := folder.read_record():
            return record
        clock.sleep(0.02)
    child.kill()
    output_text = (folder.logs / "control.out").read_text(encoding="utf-8", errors="replace").strip()
    raise NotReady(
        f"the shop did not come up: {output_text.splitlines()[-1] if output_text else 'no reason given'}",
        hint=f"see {folder.logs}",
    )
