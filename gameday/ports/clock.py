"""Time as a dependency: a wall clock that tests can jump."""

from __future__ import annotations

from typing import Protocol

from gameday.core.values import Instant, Seconds


class Clock(Protocol):
    """Wall clock and waiting, so that tests can jump time."""

    def now(self) -> Instant:
        """Give the present instant."""
        ...

    async def sleep(self, seconds: Seconds) -> None:
        """Wait for so many seconds."""
        ...
