"""The faults that one drill asks for: injected, and told to be undone.

Comes in: requests. Goes out: facts that are written ahead, and the keeper's orders.
Does not: undo anything; the keeper does, or `reverting` when the keeper is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gameday.conduct.drill.context import DrillContext
from gameday.core.facts import drill as ev
from gameday.core.values import FaultId


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one drill. `asked`: those that its conductor has asked for, in order."""

    context: DrillContext
    asked: list[FaultId] = field(default_factory=list)

    async def inject(self, request: ev.FaultRequested) -> None:
        """Write a fault ahead, then have it injected. Raises NotReady, FaultIndeterminate."""
        self.context.recorder.record(request)
        self.asked.append(request.fault)
        await self.context.keeper.inject(request.fault)

    async def revert(self, faults: Sequence[FaultId], why: str, *, now: bool) -> None:
        """Have the keeper undo faults: by the released hold, or `now`, at once."""
        for fault in faults:
            if self.context.keeper.alive():
                await self.context.keeper.revert(fault, why, now=now)

    def open(self) -> list[FaultId]:
        """Give the faults that were asked for and of which nobody has said that they are undone."""
        over = {reverted.fact.fault for reverted in self.context.live_facts.each(ev.FaultReverted)}
        return [fault for fault in self.asked if fault not in over]

    def main_is_over(self) -> bool:
        """Tell whether the scenario's own fault was asked for and is undone."""
        main = self.context.fault_request
        return main is not None and main.fault in self.asked and main.fault not in self.open()
