"""Conducts one drill: preflight, baseline, inject, respond, revert, verify, review, close.

Comes in: a desk. Goes out: a closed history. The phases are a straight line; an abort, from any
process, by any signal, cuts it short, and what follows is the same revert as always.
Does not: judge (that is core, afterwards), draw, or know an adapter.

A drill never closes while something is exposed, unless every rollback failed for good; then it
closes with `reverted` False, and a person must look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace

from gameday.conduct.background import cancel
from gameday.conduct.drill import preflight, real_incidents, target_lease
from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.faults import Faults
from gameday.conduct.drill.response import grants, tasks
from gameday.conduct.drill.supervisor import TICK, Supervisor
from gameday.conduct.revert import revert
from gameday.core import exposure
from gameday.core.errors import GamedayError, NotReady
from gameday.core.facts import drill as ev
from gameday.core.judging import impact
from gameday.core.values import Instant, MilestoneName, Party, Phase, Seconds

REVERT_LIMIT: Seconds = 120.0
"""After this long without an end of the revert, the conductor reverts itself."""


class Aborted(Exception):
    """The drill was told to end early."""


class Conductor:
    """Conducts the drill of one desk. `on_events` hears every new fact, whoever wrote it."""

    def __init__(
        self, context: DrillContext, *, on_events: Callable[[Sequence[ev.Event]], None] | None = None
    ) -> None:
        self._desk = context
        self._origin: Instant | None = None
        self._faults = Faults(context)
        self._pulse = Supervisor(context, self._faults, abort=self.abort, on_events=on_events)

    # --- what others may call ---

    def abort(self, reason: str, detail: str = "") -> None:
        """Ask for the end of the drill; safe to call more than once and from a signal handler."""
        self._desk.recorder.record(ev.AbortRequested(reason=reason, detail=detail))

    async def conduct(self) -> None:
        """Conduct the whole drill. Raises GamedayError when it could not start; closes it in any case."""
        context = self._desk
        context.recorder.record(context.planned)
        context.recorder.record(context.conductor)
        how = "failed"
        try:
            async with self._pulse.running():
                how = await self._phases()
        except GamedayError as error:
            how = "not-ready" if isinstance(error, NotReady) else "failed"
            if how == "failed":
                context.recorder.record(ev.InternalErrorOccurred(where=error.code, error=error.message))
            raise
        finally:
            await self._close(how)

    # --- the straight line ---

    async def _phases(self) -> str:
        how = "aborted"
        try:
            await self._preflight()
            await self._baseline()
            await self._inject()
            await self._respond()
            how = "completed"
        except Aborted:
            pass
        finally:
            await self._revert(now=how != "completed")
            self._pulse.guarded = False
        if how == "completed":
            how = await self._verify()
        await self._stop_load()
        return how

    async def _preflight(self) -> None:
        self._enter(Phase.PREFLIGHT)
        await self._unless_aborted(preflight.check_all(self._desk))

    async def _baseline(self) -> None:
        context = self._desk
        self._enter(Phase.BASELINE)
        if context.load is not None and context.scenario.load is not None:
            start = context.load.start(
                context.scenario.load,
                base_url=context.base_url,
                environment=context.load_env,
                on_chunks=context.live_facts.take_load,
            )
            await self._unless_aborted(start)
            wanted = context.scenario.load
            context.recorder.record(ev.LoadStarted(users=wanted.users, workers=wanted.workers))
        await self._wait(lambda: False, context.scenario.phases.baseline)
        await self._wait(
            lambda: not real_incidents.open_questions(context.live_facts), None
        )  # aborted without an answer
        try:
            self._baseline_is_good()
        except NotReady as refused:
            check = ev.PreflightChecked(
                check="baseline", passed=False, detail=refused.message, hint=refused.hint
            )
            context.recorder.record(check)
            raise

    def _baseline_is_good(self) -> None:
        """Refuse to inject when the users' SLOs can't be judged, or are not met, before the fault."""
        context = self._desk
        began = context.live_facts.first(ev.LoadStarted)
        if began is None:
            return
        slos = tuple(slo for slo in context.scenario.slos if slo.source == "load")
        whole = tuple(replace(slo, window=max(slo.window, context.scenario.phases.baseline)) for slo in slos)
        for level in impact.service(whole, context.live_facts.load(), context.clock.now()):
            if level.requests == 0:
                raise NotReady(
                    f"no request matched SLO {level.slo} during the baseline",
                    hint="compare its `request` with the names that Locust prints (TYPE NAME or NAME)",
                )
        for level in impact.service(slos, context.live_facts.load(), context.clock.now()):
            if level.judged and level.bad_for > 0:
                raise NotReady(
                    f"SLO {level.slo} is not met before the fault: {level.good or 0:.1%} good",
                    hint="the target is not well, or the SLO is too strict for it; nothing was injected",
                )

    async def _inject(self) -> None:
        context = self._desk
        self._enter(Phase.INJECT)
        self._pulse.guarded = True
        if context.fault_request is None:
            self._origin = context.clock.now()
            return
        await self._wait(
            lambda: not context.store.degraded(), None
        )  # what isn't written ahead isn't injected
        await self._unless_aborted(self._faults.inject(context.fault_request))
        await self._wait(self._injected_or_over, None)
        injected = context.live_facts.first(ev.FaultInjected)
        self._origin = injected.at if injected else context.clock.now()
        failed = context.live_facts.first(ev.FaultFailed)
        if failed is not None and injected is None:
            self.abort("fault-failed", failed.fact.error)
            raise Aborted

    def _injected_or_over(self) -> bool:
        live_facts = self._desk.live_facts
        return any(live_facts.has(kind) for kind in (ev.FaultInjected, ev.FaultFailed, ev.FaultReverted))

    async def _respond(self) -> None:
        context = self._desk
        self._enter(Phase.RESPOND)
        assert self._origin is not None
        async with tasks.response_tasks(context, self._faults, self._origin):
            why = await self._response_end(self._origin)
        context.recorder.record(ev.ResponseEnded(why=why))

    async def _response_end(self, origin: Instant) -> str:
        """Wait until the response has ended, and say why."""
        scenario = self._desk.scenario
        room = scenario.phases.response
        if scenario.hold == "for" and scenario.hold_for is not None:
            room = min(room, scenario.hold_for)
        end = origin + room
        ended = ""

        def over() -> bool:
            nonlocal ended
            late = self._desk.clock.now() >= end + self._desk.live_facts.extended()
            ended = self._ended() or ("time" if late else "")
            return bool(ended)

        await self._wait(over, None)
        return ended

    def _ended(self) -> str:
        context = self._desk
        now = context.clock.now()
        if context.live_facts.has(ev.EndRequested):
            return "ended"
        if self._faults.main_is_over() and not grants.first(context.live_facts):
            return "fault-over"
        held = context.live_facts.first(ev.FaultHeld)
        if context.scenario.hold == "none" and held is not None:
            return "no-hold"
        if (
            held is not None
            and not context.live_milestones.affected
            and now - held.at >= context.scenario.phases.onset
        ):
            return "no-impact"
        return "recovered" if self._recovered(now) else ""

    def _recovered(self, now: Instant) -> bool:
        """Tell whether recovery is observed and, by a team, marked."""
        marks = self._desk.live_facts.each(ev.MilestoneMarked)
        if not self._desk.scenario.experiment:
            return any(mark.fact.milestone == MilestoneName.RECOVERED for mark in marks)
        if not self._desk.live_milestones.recovered(now):
            return False
        if self._desk.scenario.responders is not Party.TEAM:
            return True
        return any(mark.fact.milestone == MilestoneName.RECOVERED for mark in marks)

    async def _revert(self, *, now: bool) -> None:
        """Have the fault undone: by the released hold, or `now`, at once.

        The keeper is told before anything is written down: a store that is gone delays no revert.
        """
        context, why = self._desk, "abort" if now else "response over"
        open_ = self._faults.open()
        await self._faults.revert(open_, why, now=now)
        self._enter(Phase.REVERT)
        for fault in open_:
            context.recorder.record(ev.RevertRequested(fault=fault, why=why))
        if open_:
            await self._until_reverted(now=now)

    async def _until_reverted(self, *, now: bool) -> None:
        """Wait for the keeper's word; without a keeper, or too late, revert ourselves."""
        context = self._desk
        limit = context.clock.now() + REVERT_LIMIT
        pressed = now
        while not self._settled():
            if not context.keeper.alive() or context.clock.now() >= limit:
                await revert.settle(
                    context.store,
                    context.drill,
                    rollback_player=context.rollback_player,
                    clock=context.clock,
                    machine=context.machine,
                )
                return
            if not pressed and self._desk.live_facts.abort_asked():
                pressed = True
                await self._faults.revert(self._faults.open(), "abort", now=True)
            await context.clock.sleep(TICK)

    def _settled(self) -> bool:
        self._pulse.tail()
        rest = exposure.open_faults(self._desk.live_facts.history())
        return all(exposed.gave_up for exposed in rest)

    async def _verify(self) -> str:
        """Watch the service after the revert, and judge the steady state again."""
        context = self._desk
        self._enter(Phase.VERIFY)
        try:
            await self._wait(lambda: False, context.scenario.phases.verify)
        except Aborted:
            return "aborted"
        if context.experiment:
            checked = await context.prober.steady(context.experiment)
            context.recorder.record(
                ev.SteadyStateChecked(stage="after", met=checked.met, detail=checked.detail)
            )
        return "completed"

    async def _stop_load(self) -> None:
        context = self._desk
        if context.load is None or not context.live_facts.has(ev.LoadStarted):
            return
        await context.load.stop()
        context.live_facts.save_load()
        context.recorder.record(
            ev.LoadStopped(requests=context.live_facts.requests, failures=context.live_facts.failures)
        )

    async def _close(self, how: str) -> None:
        """End the children, the keeper last, then write that the drill is closed."""
        context = self._desk
        try:
            if context.load is not None and not context.live_facts.has(ev.LoadStopped):
                await context.load.stop()
            await context.signals.stop()
        finally:
            if not await context.keeper.stop():
                await self._clean_up()
        context.live_facts.save_load()
        self._pulse.tail()
        self._enter(Phase.CLOSE)
        if not context.live_facts.has(ev.DrillClosed):
            reverted = not exposure.open_faults(context.live_facts.history())
            context.recorder.record(ev.DrillClosed(how=how, reverted=reverted))
        await self._let_go()
        self._pulse.tail()

    async def _clean_up(self) -> None:
        """Do what the keeper would have done, had it been started, or lived."""
        context = self._desk
        self._pulse.tail()  # what was brought up a moment ago counts too
        await revert.tidy(
            context.live_facts.history(),
            context.store,
            context.drill,
            rollback_player=context.rollback_player,
            clock=context.clock,
            machine=context.machine,
        )

    async def _let_go(self) -> None:
        """Give the leases back, and end what was started for asking."""
        context = self._desk
        context.store.release_lease(context.scenario.environment, context.drill)
        if context.target_lease is not None:
            await context.target_lease.release(context.lease(context.clock.now(), target_lease.LEASE))
        for meter in context.meters.values():
            await meter.close()
        if context.fault_targets is not None:
            await context.fault_targets.targets.close()

    # --- waiting ---

    def _enter(self, phase: Phase) -> None:
        self._desk.recorder.record(ev.PhaseEntered(phase=phase))

    async def _wait(self, condition: Callable[[], bool], limit: Seconds | None) -> bool:
        """Wait until a condition holds or `limit` seconds are over. Raises Aborted."""
        clock = self._desk.clock
        end = None if limit is None else clock.now() + limit
        while not condition():
            if self._desk.live_facts.abort_asked():
                raise Aborted
            if end is not None and clock.now() >= end:
                return False
            await clock.sleep(TICK)
        return True

    async def _unless_aborted(self, work: Coroutine[object, object, None]) -> None:
        """Do some work to its end, unless an abort comes first. Raises Aborted, or what the work raises."""
        task = asyncio.ensure_future(work)
        try:
            await self._wait(task.done, None)
            task.result()
        finally:
            await cancel([task])
