"""What runs beside all phases of a drill: reading the store's tail, saving the load, seeing what ends it.

Comes in: a desk, the drill's faults, and whom to tell. Goes out: fresh facts on the board, load in the
store, an abort when something that the drill needs is lost or a guardrail trips.
Does not: carry the drill on; that is the conductor's straight line.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from gameday.conduct.background import beside
from gameday.conduct.drill import fault_effect, target_lease
from gameday.conduct.drill.context import Desk
from gameday.conduct.drill.faults import Faults
from gameday.conduct.drill.guardrails import LOOK, START_ROOM, Guard, Lag, Monitors, TimeBox, rails_of
from gameday.conduct.drill.real_incidents import Incidents
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


class Pulse:
    """The pulse of one drill. `guarded`: guardrails are judged, from injection to the end of the revert."""

    def __init__(
        self,
        desk: Desk,
        faults: Faults,
        *,
        abort: Callable[[str, str], None],
        on_events: Callable[[Sequence[ev.Event]], None] | None = None,
    ) -> None:
        self.guarded = False
        self._desk = desk
        self._faults = faults
        self._abort = abort
        self._on_events = on_events
        self._degraded_since: Instant | None = None

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Run the tail, the look and the savings beside the phases; their failure ends the drill."""
        async with beside(
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
        fresh = self._desk.board.refresh()
        if fresh and self._on_events is not None:
            self._on_events(fresh)

    async def _beat(self) -> None:
        desk = self._desk
        look = save = desk.clock.now()
        incidents = Incidents(scenario=desk.scenario, board=desk.board, record=desk.pen.record)
        while True:
            self.tail()
            now = desk.clock.now()
            if now >= look:
                look = Instant(now + LOOK)
                desk.watch.look(now)
                self._notice_losses()
                self._ask_about(incidents, now)
            if now >= save:
                save = Instant(now + SAVE)
                desk.board.save_load()
            await desk.clock.sleep(TICK)

    def _notice_losses(self) -> None:
        """Abort when the load or the keeper is lost while the drill needs them."""
        desk = self._desk
        if desk.board.abort_asked() or desk.board.has(ev.ResponseEnded):
            return
        if desk.load is not None and desk.board.has(ev.LoadStarted) and desk.load.lost():
            desk.pen.record(ev.LoadLost(reason=desk.load.lost()))
            self._abort("load-lost", desk.load.lost())
        elif self._faults.asked and not desk.keeper.alive():
            self._abort("keeper-lost", "the fault keeper has died; the conductor reverts")
        elif self._store_lost():
            self._abort("store-lost", desk.store.degraded())

    def _store_lost(self) -> bool:
        """Tell whether the store has not taken anything for a while: what is not written is not evidence."""
        desk = self._desk
        if not desk.store.degraded():
            self._degraded_since = None
            return False
        now = desk.clock.now()
        if self._degraded_since is None:
            self._degraded_since = now
        return now - self._degraded_since >= (STORE_PATIENCE if self._faults.asked else START_PATIENCE)

    def _ask_about(self, incidents: Incidents, now: Instant) -> None:
        """Ask about alerts that may be a real incident, until the fault is gone; abort without an answer."""
        if self._desk.board.abort_asked() or self._faults.main_is_over():
            return
        unanswered = incidents.look(now)
        if unanswered:
            self._abort("real-incident", unanswered)

    async def _guard(self) -> None:
        """Judge all guardrails while `guarded`; abort at the first that trips."""
        desk = self._desk
        monitors = Monitors(heartbeats=lambda: desk.signals.heartbeats)
        while not self.guarded:
            monitors.judge(desk.clock.now())
            await desk.clock.sleep(LOOK)
        own = rails_of(
            desk.scenario, watch=desk.watch, clock=desk.clock, prober=desk.prober, meters=desk.meters
        )
        guard = Guard(rails=[*own, monitors, Lag(), TimeBox(limit=self._time_box)], clock=desk.clock)
        tripped = await guard.first(lambda: self.guarded and not desk.board.abort_asked())
        if tripped is not None:
            desk.pen.record(tripped)
            self._abort("guardrail", f"{tripped.guardrail}: {tripped.detail}")

    def _time_box(self) -> Instant | None:
        """Give the instant by which the drill must have ended by its own plan."""
        board = self._desk.board
        entered = {each.fact.phase: each.at for each in board.each(ev.PhaseEntered)}
        if Phase.BASELINE not in entered:
            return None
        scenario = self._desk.scenario
        waited = entered.get(Phase.INJECT, Instant(0.0)) - scenario.phases.baseline  # a question was open
        began = max(entered[Phase.BASELINE], waited)
        return Instant(began + planning.compile(scenario).longest + board.extended() + START_ROOM)
