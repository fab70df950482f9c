"""An environment's own lease, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from gameday.core.errors import NotReady
from gameday.core.values import DrillId, Instant
from gameday.ports import Lease


@dataclass(kw_only=True, slots=True)
class FakeTargetLease:
    """`ports.TargetLease`.

    why       why it can't be kept
    other     another holder's lease, which is in force
    taken     when it was taken or renewed, as the leases say
    released  the drills that gave it back
    """

    why: str = ""
    other: Lease | None = None
    taken: list[Instant] = field(default_factory=list)
    released: list[DrillId] = field(default_factory=list)

    async def take(self, lease: Lease) -> Lease | None:
        """Take or renew the lease. Raises NotReady where `why` is set."""
        if self.why:
            raise NotReady(self.why)
        self.taken.append(lease.since)
        return self.other

    async def release(self, lease: Lease) -> None:
        """Give the lease back."""
        self.released.append(lease.drill)
