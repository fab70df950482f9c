"""Bring the shop up and take it down; both may be said twice.

Comes in: a state folder and ports. Goes out: a control server in a session of its own, ready to serve.
Does not: outlive it: whatever the shop consists of dies with the control server.
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

READY_WITHIN = 30.0
DOWN_WITHIN = 10.0


def _free_ports() -> Ports:
    with ExitStack() as held:  # all three at once, so that they differ
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        edge, admin, control = (each.getsockname()[1] for each in sockets)
    return Ports(edge=edge, admin=admin, control=control)


def _taken(ports: Ports) -> bool:
    """Tell whether somebody listens on one of the ports."""
    for port in (ports.edge, ports.admin, ports.control):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            return True
    return False


def up(*, port_base: int = 8080, replicas: int = 2, restart_crashed: bool = False) -> dict[str, Any]:
    """Bring the shop up unless it is, and give its status.

    Its ports are three in a row from `port_base`; 0 takes free ones anywhere.
    Raises NotReady, with the control server's own words, when it does not get ready.
    """
    if not 1 <= replicas <= MAX_REPLICAS:
        raise UsageError(f"the shop has 1 to {MAX_REPLICAS} replicas, not {replicas}")
    folder = state_folder.here()
    with _alone(folder):
        record = folder.read_record() or _start_from(folder, port_base, replicas, restart_crashed)
    status: dict[str, Any] = client.get("/status", record.control_url)
    return status


def down() -> bool:
    """Take the shop down; False when it was not up."""
    folder = state_folder.here()
    with _alone(folder):
        record = folder.read_record()
        if record is None:
            return False
        processes.send(record.owner, signal.SIGTERM)
        if not processes.wait_gone(record.owner, DOWN_WITHIN):
            processes.kill_and_wait(record.owner)
        folder.record.unlink(missing_ok=True)
    return True


@contextmanager
def _alone(folder: StateFolder) -> Iterator[None]:
    """Let nobody else bring the same shop up or down meanwhile."""
    folder.folder.mkdir(parents=True, exist_ok=True)
    with (folder.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start_from(
    folder: StateFolder, base: int, replicas: int, restart_crashed: bool, tries: int = 3
) -> Record:
    """Start on three ports in a row, or on free ones; on others where somebody is quicker to take one."""
    ports = Ports(edge=base, admin=base + 1, control=base + 2) if base else _free_ports()
    try:
        return _start(folder, ports, replicas, restart_crashed)
    except NotReady:
        if base or tries == 1 or not _taken(ports):
            raise
    return _start_from(folder, base, replicas, restart_crashed, tries - 1)


def _start(folder: StateFolder, ports: Ports, replicas: int, restart_crashed: bool) -> Record:
    for place in (folder.edge, folder.logs):
        place.mkdir(exist_ok=True)
        for leftover in place.iterdir():
            leftover.unlink()
    argv = [sys.executable, "-m", "gameday.shop.control", str(folder.folder)]
    argv += [str(ports.edge), str(ports.admin), str(ports.control)]
    argv += [str(replicas), "restart" if restart_crashed else "leave"]
    with (folder.logs / "control.out").open("ab") as output:
        unmarked = {processes.MARKER: ""}  # it is to outlive the drill that may have asked for it
        child = processes.start(argv, env=unmarked, stdout=output, stderr=processes.STDOUT)
    return _wait(folder, child)


def _wait(folder: StateFolder, child: processes.Child) -> Record:
    deadline = clock.monotonic() + READY_WITHIN
    while child.poll() is None and clock.monotonic() < deadline:
        if record := folder.read_record():
            return record
        clock.sleep(0.02)
    child.kill()
    words = (folder.logs / "control.out").read_text(encoding="utf-8", errors="replace").strip()
    raise NotReady(
        f"the shop did not come up: {words.splitlines()[-1] if words else 'no reason given'}",
        hint=f"see {folder.logs}",
    )
