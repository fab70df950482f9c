"""A fault keeper without a process: it acts on the `World` and writes the facts that a real one would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.core.values import FaultId, Seconds
from gameday.testing.world import World


@dataclass(kw_only=True, slots=True)
class FakeFaultKeeper:
    """`ports.FaultKeeper` on the world.

    write     where its facts go
    ready     False: it refuses to start
    living    False: it died, and answers nothing
    stubborn  its rollbacks fail for good
    slow      seconds that rollbacks take unless they are asked for at once
    """

    world: World
    write: Callable[[ev.Fact], None]
    ready: bool = True
    living: bool = True
    stubborn: bool = False
    slow: Seconds = 0.0
    held: list[FaultId] = field(default_factory=list)

    async def start(self) -> None:
        """Start. Raises NotReady unless `ready`."""
        if not self.ready:
            raise NotReady("the fault keeper did not start")

    async def inject(self, fault: FaultId) -> None:
        """Put the fault in force, and hold it."""
        self.world.fault = True
        self.held.append(fault)
        self.write(ev.FaultInjected(fault=fault, action="break it"))
        self.write(ev.FaultHeld(fault=fault))

    async def revert(self, fault: FaultId, why: str, *, now: bool) -> None:  # noqa: ARG002  # the port's
        """Roll the fault back, or fail for good."""
        self.world.reverts += 1
        if fault not in self.held and self.living:
            self.write(ev.FaultReverted(fault=fault, how="never-injected", by="keeper"))
            return
        if self.stubborn:
            steps = ("fix it by hand",)
            self.write(ev.RevertFailed(fault=fault, attempt=1, error="refused", steps=steps, final=True))
            return
        if self.slow and not now:
            asyncio.get_running_loop().call_later(self.slow, self._roll_back, fault)
        else:
            self._roll_back(fault)

    def _roll_back(self, fault: FaultId) -> None:
        if self.living and self.world.fault and fault in self.held:
            self.held.remove(fault)
            self.world.fault = bool(self.held)
            self.write(ev.FaultReverted(fault=fault, how="rolled-back", by="keeper"))

    async def stop(self) -> bool:
        """End; report whether it was alive."""
        lived, self.living = self.living, False
        return lived

    def alive(self) -> bool:
        """Report whether the keeper is alive."""
        return self.living
