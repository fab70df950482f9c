"""The lease that an environment keeps itself."""

from __future__ import annotations

from typing import Protocol

from gameday.ports.history_store import Lease


class TargetLease(Protocol):
    """The right to break an environment, held in the environment itself."""

    async def take(self, lease: Lease) -> Lease | None:
        """Take or renew the lease; give the other holder's when it is taken. Raises NotReady."""
        ...

    async def release(self, lease: Lease) -> None:
        """Give the lease back; without effect when it is not held, or can't be."""
        ...
