"""Wakes a process that waits for something in the store, so that it looks at once, not at its next look.

A signal carries it, from `process_identity.nudge` on the same host: it leaves no file, and says nothing but
"look now", so that the store alone decides. Every process ignores SIGURG that does not ask for it
(signal(7)): a wrong receiver takes no harm. Where none arrives, such as from another host, the wait ends by
its time.
"""

from __future__ import annotations

import asyncio
import contextlib

from gameday.core.values import Seconds
from gameday.system.process_identity import NUDGE


class SignalWakeup:
    """`ports.Wakeup` by a signal. It begins to listen with the first wait."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self._listens = False

    async def wait(self, within: Seconds) -> None:
        """Wait until woken, for `within` seconds at most."""
        if not self._listens:
            self._listens = True
            # Outside the main thread no handler can be set: then every wait takes its time.
            with contextlib.suppress(ValueError, RuntimeError):
                asyncio.get_running_loop().add_signal_handler(NUDGE, self.wake)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._woken.wait()
        self._woken.clear()

    def wake(self) -> None:
        """Wake whoever waits; without a wait, the next one ends at once."""
        self._woken.set()
