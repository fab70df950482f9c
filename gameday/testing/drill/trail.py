"""A trail that holds what the test puts into it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from gameday import ports
from gameday.core.facts import drill as ev
from gameday.core.values import Instant, Seconds

POLL_INTERVAL: Seconds = 0.5


@dataclass(kw_only=True, slots=True)
class FakeTrail:
    """`ports.Trail`: readable; it gives each of `actions` once."""

    clock: ports.Clock
    actions: list[ev.ActionTaken] = field(default_factory=list)

    async def watch(self) -> AsyncIterator[tuple[Instant | None, ev.ActionTaken | ev.TrailWatched]]:
        """Give the actions as the test adds them."""
        yield None, ev.TrailWatched(readable=True)
        while True:
            while self.actions:
                yield self.clock.now(), self.actions.pop(0)
            await self.clock.sleep(POLL_INTERVAL)
