"""The lease that an environment keeps itself."""

from __future__ import annotations

from typing import Protocol

from gameday.ports.history_store import Lease


class TargetLease(Protocol):
    """The right to break an environment, held in the environment itself."""

    async def take(self, lease: Lease) -> Lease | None:
        """Take or renew the lease; give the lease in force when another drill holds it. Raises NotReady."""
        ...

    async def release(self, lease: Lease) -> None:
        """Release the lease; a lease that is not held, or can't be reached, is left to expire."""
        ...
