"""Sends the planned injects, each once: messages, hints on offer, load changes and further faults.

The facilitator may send one earlier, or skip it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from gameday import ports
from gameday.conduct.drill.live_facts import LiveFacts
from gameday.conduct.drill.live_milestones import LiveMilestones
from gameday.conduct.recorder import Recorder
from gameday.core.errors import GamedayError
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Inject
from gameday.core.values import Instant, Seconds

POLL_INTERVAL: Seconds = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectSender:
    """Sends the injects of one drill. `inject_further` injects the fault of an inject, by its index."""

    injects: tuple[Inject, ...]
    recorder: Recorder
    live_facts: LiveFacts
    live_milestones: LiveMilestones
    clock: ports.Clock
    load: ports.LoadDriver | None
    inject_further: Callable[[int], Awaitable[None]]

    async def send_all(self, origin: Instant) -> None:
        """Send each inject when it is due after `origin`, or when the facilitator asks; end with the last."""
        pending = sorted(range(len(self.injects)), key=lambda i: self.injects[i].after)
        while pending:
            asked = {ask.fact.index: ask.fact for ask in self.live_facts.each(ev.InjectAsked)}
            due = [index for index in pending if self._is_due(index, origin, asked)]
            for index in due:
                await self._settle(index, asked.get(index))
            pending = [index for index in pending if index not in due]
            await self.clock.sleep(POLL_INTERVAL)

    def _is_due(self, index: int, origin: Instant, asked: Mapping[int, ev.InjectAsked]) -> bool:
        return index in asked or self.clock.now() >= origin + self.injects[index].after

    async def _settle(self, index: int, asked: ev.InjectAsked | None) -> None:
        """Send an inject or skip it. What the facilitator asked comes before the scenario's `unless`."""
        inject = self.injects[index]
        if asked is not None and not asked.send:
            why = f"the facilitator skipped it{f': {asked.why}' if asked.why else ''}"
            self.recorder.record(ev.InjectSkipped(index=index, why=why))
        elif (
            asked is None and inject.unless and self.live_milestones.reached(inject.unless, self.clock.now())
        ):
            self.recorder.record(ev.InjectSkipped(index=index, why=f"{inject.unless} was reached"))
        else:
            await self._send(index, inject)

    async def _send(self, index: int, inject: Inject) -> None:
        if inject.users is not None:
            await self._change_load(index, inject.users)
        elif inject.experiment:
            await self._send_fault(index, inject.experiment)
        elif inject.hint:
            offer = f"a hint is on offer for {inject.cost:g} points: gameday hint {index}"
            self.recorder.record(ev.InjectSent(index=index, kind="hint", text=offer))
        else:
            self.recorder.record(ev.InjectSent(index=index, kind="message", text=inject.message))

    async def _send_fault(self, index: int, experiment: str) -> None:
        try:
            await self.inject_further(index)
        # The first fault goes on, so the drill does, too; the reason is on record.
        except GamedayError as error:
            self.recorder.record(ev.InjectSkipped(index=index, why=error.message))
        else:
            self.recorder.record(ev.InjectSent(index=index, kind="fault", text=experiment))

    async def _change_load(self, index: int, users: int) -> None:
        if self.load is None:
            self.recorder.record(ev.InjectSkipped(index=index, why="the scenario has no load"))
            return
        # Changed first: a fact must not report load that was never applied.
        await self.load.set_users(users)
        self.recorder.record(ev.LoadChanged(users=users))
        self.recorder.record(ev.InjectSent(index=index, kind="load", text=f"{users} users"))
