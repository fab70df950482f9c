"""The process that holds a fault and reverts it when the conductor dies."""

from __future__ import annotations

from typing import Protocol

from gameday.core.values import FaultId


class FaultKeeper(Protocol):
    """The process that holds the fault and reverts it if the conductor dies; it reports through the store."""

    async def start(self) -> None:
        """Start the keeper with its warm standby, and wait until both are ready. Raises NotReady."""
        ...

    async def inject(self, fault: FaultId) -> None:
        """Inject a fault whose FaultRequested is already stored."""
        ...

    async def revert(self, fault: FaultId, why: str, *, now: bool) -> None:
        """Release the hold so that the rollbacks run; `now`: abort, fence and roll back at once."""
        ...

    async def stop(self) -> bool:
        """Have the keeper end leftover processes, take the target down and end; report whether it did."""
        ...

    def alive(self) -> bool:
        """Report whether the keeper runs and answered its last heartbeat in time."""
        ...
