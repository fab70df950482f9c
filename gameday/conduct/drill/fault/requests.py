"""The faults that one drill has asked its keeper to inject, and to revert.

The keeper reverts them, or `conduct.revert` when the keeper is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gameday.conduct.drill.context import DrillContext
from gameday.core.facts import drill as ev
from gameday.core.values import FaultId


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one drill. `asked`: those that its conductor has requested, in order."""

    context: DrillContext
    asked: list[FaultId] = field(default_factory=list)

    async def inject(self, request: ev.FaultRequested) -> None:
        """Record a fault, then have it injected. Raises NotReady, FaultIndeterminate."""
        # Recorded first: if everything dies between the two lines, whoever comes next knows what to revert.
        self.context.recorder.record(request)
        self.asked.append(request.fault)
        await self.context.keeper.inject(request.fault)

    async def revert(self, faults: Sequence[FaultId], why: str, *, now: bool) -> None:
        """Have the keeper revert faults: by releasing the hold, or `now`, at once."""
        for fault in faults:
            if self.context.keeper.alive():
                await self.context.keeper.revert(fault, why, now=now)

    def requests(self, faults: Sequence[FaultId]) -> list[ev.FaultRequested]:
        """Give the requests of faults."""
        main = self.context.fault_request
        known = [*([main] if main is not None else []), *self.context.further.values()]
        return [request for request in known if request.fault in faults]

    def open(self) -> list[FaultId]:
        """Give the faults that were requested and are not recorded as reverted."""
        # From the facts, whoever reverted: keeper, command or another host.
        reverted = {fact.fact.fault for fact in self.context.live_facts.each(ev.FaultReverted)}
        return [fault for fault in self.asked if fault not in reverted]

    def main_is_over(self) -> bool:
        """Report whether the scenario's own fault was requested and is reverted."""
        main = self.context.fault_request
        return main is not None and main.fault in self.asked and main.fault not in self.open()
