"""The process that holds a fault and reverts it when the conductor dies."""

from __future__ import annotations

from typing import Protocol

from gameday.core.values import FaultId


class FaultKeeper(Protocol):
    """The process that holds the fault and reverts it when we die. Its facts reach us by the store."""

    async def start(self) -> None:
        """Start the keeper with its warm standby, and wait until both are ready. Raises NotReady."""
        ...

    async def inject(self, fault: FaultId) -> None:
        """Let the keeper inject the fault whose FaultRequested is stored."""
        ...

    async def revert(self, fault: FaultId, why: str, *, now: bool) -> None:
        """Release the hold so that the rollbacks run; `now`: abort, fence and play the ledger."""
        ...

    async def stop(self) -> bool:
        """Let the keeper sweep, take down what the drill brought up, and end; tell whether it did."""
        ...

    def alive(self) -> bool:
        """Tell whether the keeper process lives and answered its last heartbeat in time."""
        ...
