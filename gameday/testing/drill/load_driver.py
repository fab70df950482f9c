"""Users without Locust: a steady stream of samples, good or bad as the `World` is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gameday import ports
from gameday.core.facts.load import BUCKETS_PER_CHUNK, CHUNK, Chunk, bin_of
from gameday.core.plans.scenario import Load
from gameday.core.values import Instant
from gameday.testing.world import World

REQUEST = ("GET", "/")
PER_BUCKET = 5
"""Requests that the users make in 100 ms."""


@dataclass(kw_only=True, slots=True)
class FakeLoadDriver:
    """`ports.LoadDriver` on the world. gone: why no more samples come; over: which limit is exceeded."""

    world: World
    clock: ports.Clock
    request: tuple[str, str] = REQUEST
    gone: str = ""
    over: str = ""
    users: int = 0
    _task: asyncio.Task[None] | None = None

    async def start(
        self,
        load: Load,
        *,
        base_url: str,  # noqa: ARG002  # the port's
        environment: Mapping[str, str],  # noqa: ARG002  # the port's
        on_chunks: Callable[[Sequence[Chunk], Instant], None],
    ) -> None:
        """Begin to send samples."""
        self.users = load.users
        self._task = asyncio.ensure_future(self._stream(on_chunks))

    async def _stream(self, on_chunks: Callable[[Sequence[Chunk], Instant], None]) -> None:
        while not self.gone:
            begin = self.clock.now()
            affected = self.world.affected
            await self.clock.sleep(0.1)
            on_chunks([self._chunk(begin, affected=affected)], self.clock.now())

    def _chunk(self, begin: Instant, *, affected: bool) -> Chunk:
        start = int(begin // CHUNK * CHUNK)
        bucket = min(int((begin - start) / CHUNK * BUCKETS_PER_CHUNK), BUCKETS_PER_CHUNK - 1)
        kind, name = self.request
        if affected:
            return Chunk(type=kind, name=name, start=start, bad_at=(bucket,), bad_count=(PER_BUCKET,))
        latency = (bin_of(50.0),)
        return Chunk(type=kind, name=name, start=start, at=(bucket,), bin=latency, count=(PER_BUCKET,))

    async def set_users(self, users: int) -> None:
        """Change the number of users."""
        self.users = users

    def exceeded(self) -> str:
        """Give which limit the load exceeds."""
        return self.over

    def lost(self) -> str:
        """Give the reason why no more samples come."""
        return self.gone

    async def stop(self) -> None:
        """End the stream."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
