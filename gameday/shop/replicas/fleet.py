"""Start, replace, scale and kill the replicas, each a process that dies with the control server.

The fleet does not know the edge: it calls `switch` with the new ports once the replicas are ready.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gameday.core.errors import NotReady
from gameday.shop import client, dependent_process
from gameday.shop.state_folder import StateFolder
from gameday.system import clock, processes

READY_TIMEOUT = 15.0
DRAIN_SECONDS = 0.3

Switch = Callable[[Sequence[int]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Replica:
    """One process of the API."""

    name: str
    port: int
    release: str
    child: processes.Child

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.child.poll() is None


class Fleet:
    """All replicas, by name."""

    def __init__(self, folder: StateFolder, switch: Switch) -> None:
        self._folder = folder
        self._switch = switch
        self._replicas: dict[str, Replica] = {}

    def all(self) -> list[Replica]:
        """List the replicas that the edge knows, dead ones too."""
        return list(self._replicas.values())

    def up(self) -> int:
        """Count those that run."""
        return sum(replica.alive for replica in self.all())

    def ports(self) -> list[int]:
        """List the ports that the edge sends users to."""
        return [replica.port for replica in self.all()]

    async def replace(
        self, names: Sequence[str], release: str, before_switch: Callable[[], None] | None = None
    ) -> None:
        """Start new replicas of these names, switch the edge to them when all are ready, end the old.

        Raises NotReady when one does not get ready: then the old ones go on serving.
        """
        # Not in a thread: the replicas would die with it; see dependent_process.
        fresh = [self._start(name, release) for name in names]
        try:
            await asyncio.gather(*(self._ready(replica) for replica in fresh))
        except NotReady:
            await self._end(fresh)
            raise
        old = [self._replicas[name] for name in names if name in self._replicas]
        self._replicas.update({replica.name: replica for replica in fresh})
        if before_switch:
            before_switch()
        await self._switch(self.ports())
        await self._retire(old)

    async def scale(self, count: int, release: str) -> None:
        """Have `count` replicas: start missing numbers, or end the highest; dead ones stay as they are."""
        wanted = [f"api-{number}" for number in range(1, count + 1)]
        # Off the list before the switch, and ended after it: so no user is sent to one that is ending.
        spare = [self._replicas.pop(name) for name in list(self._replicas) if name not in wanted]
        await self.replace([name for name in wanted if name not in self._replicas], release)
        await self._retire(spare)

    def kill(self, name: str) -> None:
        """SIGKILL a replica and leave it dead; the edge goes on sending users there."""
        self._replicas[name].child.kill()

    async def stop(self) -> None:
        """End all replicas."""
        await self._end(self.all())

    async def _retire(self, old: Sequence[Replica]) -> None:
        if any(replica.alive for replica in old):
            await asyncio.sleep(DRAIN_SECONDS)  # requests that the edge had sent there already
        await self._end(old)

    def _start(self, name: str, release: str) -> Replica:
        # We bind the port and hand the socket over, so that no port is picked twice and users who come early
        # queue in the backlog. Our own copy is closed at once, so that nobody connects to a dead replica.
        listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        with listening:
            descriptor, port = listening.fileno(), listening.getsockname()[1]
            argv = [
                sys.executable,
                "-m",
                "gameday.shop.replicas.api",
                name,
                release,
                str(self._folder.folder),
                str(descriptor),
            ]
            child = dependent_process.start(
                argv, log=self._folder.logs / f"{name}.out", pass_fds=(descriptor,)
            )
        return Replica(name=name, port=port, release=release, child=child)

    async def _ready(self, replica: Replica) -> None:
        deadline = clock.monotonic() + READY_TIMEOUT
        while replica.alive and clock.monotonic() < deadline:
            # An answer counts, not a connection: the socket listened before the process was started.
            if await answers(f"http://127.0.0.1:{replica.port}/health"):
                return
            await asyncio.sleep(0.03)
        raise NotReady(
            f"{replica.name} did not get ready", hint=f"see {self._folder.logs / replica.name}.out"
        )

    async def _end(self, replicas: Sequence[Replica]) -> None:
        for replica in replicas:
            replica.child.send(signal.SIGTERM)
        await asyncio.gather(*(asyncio.to_thread(_end, replica.child) for replica in replicas))


def _end(child: processes.Child) -> None:
    try:
        # More than the 2 s that a replica's server waits for its open requests.
        child.wait(3.0)
    except TimeoutError:
        child.kill()


async def answers(url: str) -> bool:
    """Check whether a URL answers 200 within a second."""
    try:
        status, _ = await asyncio.to_thread(client.exchange, "GET", url, timeout=1.0)
    except NotReady:
        return False
    return status == 200
