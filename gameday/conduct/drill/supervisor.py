"""What runs beside all phases of a drill: reading the store's tail, saving the load, seeing what ends it.

Comes in: a desk, the drill's faults, and whom to tell. Goes out: fresh facts on the board, load in the
store, an abort when something that the drill needs is lost or a guardrail trips.
Does not: carry the drill on; that is the conductor's straight line.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from gameday.conduct.background import run_alongside
from gameday.conduct.drill import fault_effect, target_lease
from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.faults import Faults
from gameday.conduct.drill.guardrails.always_on import START_ALLOWANCE, Lag, Monitors, TimeBox
from gameday.conduct.drill.guardrails.checks import build_checks
from gameday.conduct.drill.guardrails.guard import LOOK_INTERVAL, Guard
from gameday.conduct.drill.real_incidents import RealIncidentWatch
from gameday.core.facts import drill as ev
from gameday.core.plans import dry_run as planning
from gameday.core.values import Instant, Phase, Seconds

TICK: Seconds = 0.05
"""How often the store's tail is read, and what waits on it looks again."""
SAVE: Seconds = 1.0
"""How often load samples are stored."""
STORE_PATIENCE: Seconds = 5.0
"""A store that takes nothing for so long while a fault may be in force ends the drill."""
START_PATIENCE: Seconds = 30.0
"""The same before: nothing is in force yet, and a store is busy while many drills start at once."""


class Supervisor:
    """The pulse of one drill. `guarded`: guardrails are judged, from injection to the end of the revert."""

    def __init__(
        self,
        context: DrillContext,
        faults: Faults,
        *,
        abort: Callable[[str, str], None],
        on_events: Callable[[Sequence[ev.Event]], None] | None = None,
    ) -> None:
        self.guarded = False
        self._desk = context
        self._faults = faults
        self._abort = abort
        self._on_events = on_events
        self._degraded_since: Instant | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the tail, the look and the savings beside the phases; their failure ends the drill."""
        async with run_alongside(
            [
                self._beat(),
                self._guard(),
                target_lease.keep_leases(self._desk, self._abort),
                fault_effect.compare(self._desk),
            ]
        ):
            yield

    def tail(self) -> None:
        """Take what others have written to the board, and tell of it."""
        fresh = self._desk.live_facts.refresh()
        if fresh and self._on_events is not None:
            self._on_events(fresh)

    async def _beat(self) -> None:
        context = self._desk
        look = save = context.clock.now()
        incidents = RealIncidentWatch(
            scenario=context.scenario, live_facts=context.live_facts, record=context.recorder.record
        )
        while True:
            self.tail()
            now = context.clock.now()
            if now >= look:
                look = Instant(now + LOOK_INTERVAL)
                context.live_milestones.look(now)
                self._notice_losses()
                self._ask_about(incidents, now)
            if now >= save:
                save = Instant(now + SAVE)
                context.live_facts.save_load()
            await context.clock.sleep(TICK)

    def _notice_losses(self) -> None:
        """Abort when the load or the keeper is lost while the drill needs them."""
        context = self._desk
        if context.live_facts.abort_asked() or context.live_facts.has(ev.ResponseEnded):
            return
        if context.load is not None and context.live_facts.has(ev.LoadStarted) and context.load.lost():
            context.recorder.record(ev.LoadLost(reason=context.load.lost()))
            self._abort("load-lost", context.load.lost())
        elif self._faults.asked and not context.keeper.alive():
            self._abort("keeper-lost", "the fault keeper has died; the conductor reverts")
        elif self._store_lost():
            self._abort("store-lost", context.store.degraded())

    def _store_lost(self) -> bool:
        """Tell whether the store has not taken anything for a while: what is not written is not evidence."""
        context = self._desk
        if not context.store.degraded():
            self._degraded_since = None
            return False
        now = context.clock.now()
        if self._degraded_since is None:
            self._degraded_since = now
        return now - self._degraded_since >= (STORE_PATIENCE if self._faults.asked else START_PATIENCE)

    def _ask_about(self, incidents: RealIncidentWatch, now: Instant) -> None:
        """Ask about alerts that may be a real incident, until the fault is gone; abort without an answer."""
        if self._desk.live_facts.abort_asked() or self._faults.main_is_over():
            return
        unanswered = incidents.look(now)
        if unanswered:
            self._abort("real-incident", unanswered)

    async def _guard(self) -> None:
        """Judge all guardrails while `guarded`; abort at the first that trips."""
        context = self._desk
        monitors = Monitors(heartbeats=lambda: context.signals.heartbeats)
        while not self.guarded:
            monitors.judge(context.clock.now())
            await context.clock.sleep(LOOK_INTERVAL)
        own = build_checks(
            context.scenario,
            live_milestones=context.live_milestones,
            clock=context.clock,
            prober=context.prober,
            meters=context.meters,
        )
        guard = Guard(checks=[*own, monitors, Lag(), TimeBox(limit=self._time_box)], clock=context.clock)
        tripped = await guard.first(lambda: self.guarded and not context.live_facts.abort_asked())
        if tripped is not None:
            context.recorder.record(tripped)
            self._abort("guardrail", f"{tripped.guardrail}: {tripped.detail}")

    def _time_box(self) -> Instant | None:
        """Give the instant by which the drill must have ended by its own plan."""
        live_facts = self._desk.live_facts
        entered = {each.fact.phase: each.at for each in live_facts.each(ev.PhaseEntered)}
        if Phase.BASELINE not in entered:
            return None
        scenario = self._desk.scenario
        waited = entered.get(Phase.INJECT, Instant(0.0)) - scenario.phases.baseline  # a question was open
        began = max(entered[Phase.BASELINE], waited)
        return Instant(began + planning.compile(scenario).longest + live_facts.extended() + START_ALLOWANCE)
