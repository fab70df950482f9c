"""What ends a conductor's wait before its time."""

from __future__ import annotations

from typing import Protocol

from gameday.core.values import Seconds


class Wakeup(Protocol):
    """Wakes a conductor as soon as something was stored for it: it looks earlier, and at nothing else."""

    async def wait(self, within: Seconds) -> None:
        """Wait until woken, for `within` seconds at most."""
        ...

    def wake(self) -> None:
        """Wake whoever waits; without a wait, the next one ends at once."""
        ...
