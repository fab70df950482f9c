"""Sends the planned injects: messages, hints on offer and load changes, each at its moment.

Comes in: the scenario's injects, the instant they count from. Goes out: InjectSent or InjectSkipped.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday import ports
from gameday.conduct.recorder import Recorder
from gameday.conduct.watch import Watch
from gameday.core import events as ev
from gameday.core.scenario import Inject
from gameday.core.values import Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Injector:
    """Sends the injects of one drill."""

    injects: tuple[Inject, ...]
    pen: Recorder
    watch: Watch
    clock: ports.Clock
    load: ports.LoadDriver | None

    async def send_all(self, origin: Instant) -> None:
        """Send each inject at its moment after `origin`; ends with the last one."""
        order = sorted(range(len(self.injects)), key=lambda i: self.injects[i].after)
        for index in order:
            inject = self.injects[index]
            await self.clock.sleep(max(0.0, origin + inject.after - self.clock.now()))
            await self._send(index, inject)

    async def _send(self, index: int, inject: Inject) -> None:
        if inject.unless and self.watch.reached(inject.unless, self.clock.now()):
            self.pen.record(ev.InjectSkipped(index=index, why=f"{inject.unless} was reached"))
            return
        if inject.users is not None:
            await self._change_load(index, inject.users)
        elif inject.hint:
            offer = f"a hint is on offer for {inject.cost:g} points: gameday hint {index}"
            self.pen.record(ev.InjectSent(index=index, kind="hint", text=offer))
        else:
            self.pen.record(ev.InjectSent(index=index, kind="message", text=inject.message))

    async def _change_load(self, index: int, users: int) -> None:
        if self.load is None:
            self.pen.record(ev.InjectSkipped(index=index, why="the scenario has no load"))
            return
        await self.load.set_users(users)
        self.pen.record(ev.LoadChanged(users=users))
        self.pen.record(ev.InjectSent(index=index, kind="load", text=f"{users} users"))
