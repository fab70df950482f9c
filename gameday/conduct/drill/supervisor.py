"""What runs alongside all phases of a drill: reads new events, saves the load, aborts when something is lost.

The phases themselves are the conductor's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from gameday.conduct.background import run_alongside
from gameday.conduct.drill import clocks, target_lease
from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.fault import effect
from gameday.conduct.drill.fault.requests import Faults
from gameday.conduct.drill.guardrails.always_on import START_ALLOWANCE, Lag, Monitors, TimeBox
from gameday.conduct.drill.guardrails.checks import build_checks
from gameday.conduct.drill.guardrails.guard import LOOK_INTERVAL, Guard
from gameday.conduct.drill.real_incidents import RealIncidentWatch
from gameday.conduct.drill.response.messages import DrillMessages
from gameday.core.facts import drill as ev
from gameday.core.plans import dry_run as planning
from gameday.core.values import Instant, Phase, Seconds

POLL_INTERVAL: Seconds = 0.05
"""How often new events are read from the store, and whoever waits for one looks again."""
SAVE_INTERVAL: Seconds = 1.0
"""How often load samples are stored."""
STORE_PATIENCE: Seconds = 5.0
"""How long the store may take no writes while a fault may be in force, before the drill is aborted."""
START_PATIENCE: Seconds = 30.0
"""The same before a fault: nothing is in force yet, and a store is busy while many drills start at once."""


class Supervisor:
    """Supervises one drill. `guarded`: guardrails are judged, from the injection to the end of the revert."""

    def __init__(
        self,
        context: DrillContext,
        faults: Faults,
        *,
        abort: Callable[[str, str], None],
        on_events: Callable[[Sequence[ev.Event]], None] | None = None,
    ) -> None:
        self.guarded = False
        self._context = context
        self._faults = faults
        self._abort = abort
        self._on_events = on_events
        self._degraded_since: Instant | None = None
        self._messages = DrillMessages(
            scenario=context.scenario,
            announcer=context.announcer,
            audiences=context.audiences,
            clock=context.clock,
            recorder=context.recorder,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Supervise the body. A failure of the supervision ends it."""
        async with run_alongside(
            [
                self._watch(),
                self._guard(),
                target_lease.keep_leases(self._context, self._abort),
                effect.compare(self._context),
                clocks.compare(self._context),
            ]
        ):
            yield

    def tail(self) -> None:
        """Read what others have recorded, and pass it on."""
        events = self._context.live_facts.refresh()
        self._messages.take(events)
        if events and self._on_events is not None:
            self._on_events(events)

    def give_up_messages(self) -> None:
        """Record which messages to people are not out yet, and no longer try to send them."""
        self._messages.close()

    async def _watch(self) -> None:
        context = self._context
        next_look = next_save = context.clock.now()
        incidents = RealIncidentWatch(
            scenario=context.scenario, live_facts=context.live_facts, record=context.recorder.record
        )
        while True:
            self.tail()
            now = context.clock.now()
            # A look judges all SLOs again, which is too much work for each of twenty reads a second.
            if now >= next_look:
                next_look = Instant(now + LOOK_INTERVAL)
                context.live_milestones.look(now)
                self._notice_losses()
                self._ask_about(incidents, now)
            if now >= next_save:
                next_save = Instant(now + SAVE_INTERVAL)
                context.live_facts.save_load()
            await context.clock.sleep(POLL_INTERVAL)

    def _notice_losses(self) -> None:
        """Abort when the load exceeds a limit, or when what the drill needs is lost."""
        context = self._context
        # From then on the drill ends anyway, and stopping load and keeper is part of it.
        if context.live_facts.abort_asked() or context.live_facts.has(ev.ResponseEnded):
            return
        if context.load is not None and context.load.exceeded():
            limit, _, detail = context.load.exceeded().partition(": ")
            context.recorder.record(ev.GuardrailTripped(guardrail=limit, detail=detail))
            self._abort("guardrail", f"{limit}: {detail}; the policy of the environment sets this limit")
        elif context.load is not None and context.live_facts.has(ev.LoadStarted) and context.load.lost():
            context.recorder.record(ev.LoadLost(reason=context.load.lost()))
            self._abort("load-lost", context.load.lost())
        # Before the first request nothing is in force that a dead keeper would have to revert.
        elif self._faults.asked and not context.keeper.alive():
            self._abort("keeper-lost", "the fault keeper has died; the conductor reverts")
        elif self._store_lost():
            self._abort("store-lost", context.store.degraded())

    def _store_lost(self) -> bool:
        """Report whether the store has taken no writes for too long: what is not recorded is not evidence."""
        context = self._context
        if not context.store.degraded():
            self._degraded_since = None
            return False
        now = context.clock.now()
        if self._degraded_since is None:
            self._degraded_since = now
        return now - self._degraded_since >= (STORE_PATIENCE if self._faults.asked else START_PATIENCE)

    def _ask_about(self, incidents: RealIncidentWatch, now: Instant) -> None:
        """Ask about alerts that may be a real incident, until the fault is gone; abort without an answer."""
        if self._context.live_facts.abort_asked() or self._faults.main_is_over():
            return
        why = incidents.look(now)
        if why:
            self._abort("real-incident", why)

    async def _guard(self) -> None:
        """Judge all guardrails while `guarded`; abort at the first that trips."""
        context = self._context
        monitors = Monitors(heartbeats=lambda: context.signals.heartbeats)
        while not self.guarded:
            monitors.judge(context.clock.now())  # before it counts, so that it knows the heartbeat's rhythm
            await context.clock.sleep(LOOK_INTERVAL)
        checks = build_checks(
            context.scenario,
            live_milestones=context.live_milestones,
            clock=context.clock,
            prober=context.prober,
            meters=context.meters,
        )
        guard = Guard(checks=[*checks, monitors, Lag(), TimeBox(limit=self._time_box)], clock=context.clock)
        tripped = await guard.first(lambda: self.guarded and not context.live_facts.abort_asked())
        if tripped is not None:
            context.recorder.record(tripped)
            self._abort("guardrail", f"{tripped.guardrail}: {tripped.detail}")

    def _time_box(self) -> Instant | None:
        """Give the instant by which the drill must have ended by its own plan; None before the baseline."""
        live_facts = self._context.live_facts
        entered = {phase.fact.phase: phase.at for phase in live_facts.each(ev.PhaseEntered)}
        if Phase.BASELINE not in entered:
            return None
        scenario = self._context.scenario
        # A baseline that took longer waited for an answer about a real incident: that time is not the plan's.
        delayed = entered.get(Phase.INJECT, Instant(0.0)) - scenario.phases.baseline
        began = max(entered[Phase.BASELINE], delayed)
        return Instant(began + planning.compile(scenario).longest + live_facts.extended() + START_ALLOWANCE)
