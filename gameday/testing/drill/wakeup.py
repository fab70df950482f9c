"""A wait on the test's clock, which a test may end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from gameday import ports
from gameday.core.values import Seconds


@dataclass(kw_only=True, slots=True)
class FakeWakeup:
    """`ports.Wakeup` on a clock. woken: how often `wake` was called."""

    clock: ports.Clock
    woken: int = 0
    _event: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, within: Seconds) -> None:
        """Wait until woken, for `within` seconds at most."""
        waits = [asyncio.ensure_future(self.clock.sleep(within)), asyncio.ensure_future(self._event.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        self._event.clear()

    def wake(self) -> None:
        """Wake whoever waits; without a wait, the next one ends at once."""
        self.woken += 1
        self._event.set()
