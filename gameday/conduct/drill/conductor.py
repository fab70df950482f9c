"""Conducts one drill: preflight, baseline, inject, respond, revert, verify, close.

The phases are a straight line. An abort, from any process or by any signal, cuts it short; the revert that
follows is the same as always. Judging is core's, afterwards.

A drill never closes while something is exposed, unless every rollback failed for good; then it
closes with `reverted` False, and a person must look.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace

from gameday.conduct.background import cancel
from gameday.conduct.drill import preflight, real_incidents, target_lease
from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.fault.requests import Faults
from gameday.conduct.drill.response import grants, tasks
from gameday.conduct.drill.supervisor import POLL_INTERVAL, Supervisor
from gameday.conduct.revert import revert, steady_state
from gameday.core import exposure
from gameday.core.errors import GamedayError, NotReady, StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.judging import impact
from gameday.core.plans.scenario import Slo
from gameday.core.values import Instant, MilestoneName, Party, Phase, Seconds, format_duration
from gameday.system import child_environment
from gameday.system.processes import Identity

WAIT_INTERVAL: Seconds = 0.02
"""How often a phase that waits looks for its end, and for an abort."""
REVERT_LIMIT: Seconds = 120.0
"""How long the keeper may take to revert; then the conductor reverts by itself."""
STAND_BY_AFTER: Seconds = 0.1
"""How long rollbacks may run before the conductor makes ready to play them itself."""


class Aborted(Exception):
    """Somebody, or a guardrail, asked for the end of the drill."""


class Conductor:
    """Conducts one drill. `on_events` receives every new event, whoever recorded it."""

    def __init__(
        self, context: DrillContext, *, on_events: Callable[[Sequence[ev.Event]], None] | None = None
    ) -> None:
        self._context = context
        self._origin: Instant | None = None
        self._faults = Faults(context)
        self._standing_by: list[asyncio.Future[None]] = []
        self._spared: list[Identity] = []
        self._supervisor = Supervisor(context, self._faults, abort=self.abort, on_events=on_events)

    # --- what others may call ---

    def abort(self, reason: str, detail: str = "") -> None:
        """Abort the drill; safe to call more than once and from a signal handler."""
        self._context.recorder.record(ev.AbortRequested(reason=reason, detail=detail))
        if self._context.wakeup is not None:
            self._context.wakeup.wake()

    async def conduct(self) -> None:
        """Conduct the whole drill, and close it in any case. Raises GamedayError when it could not start."""
        with child_environment.applied(self._context.environment_changes):
            await self._conduct()

    async def _conduct(self) -> None:
        context = self._context
        # Outside the `try`: without its plan a history can't be judged, nor closed.
        context.recorder.record(context.planned)
        context.recorder.record(context.conductor)
        # Whatever ends the phases without a word of its own is a failure.
        how = "failed"
        try:
            async with self._supervisor.running():
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
        finally:  # whatever ended the phases, an unexpected error too, the fault is reverted first
            # After a response the hold is released, which lets the experiment end by itself; an abort can't
            # wait for that.
            await self._revert(now=how != "completed")
            # Only now: guardrails have to watch the revert as well.
            self._supervisor.guarded = False
        if how == "completed":
            how = await self._verify()
        await self._stop_load()
        return how

    async def _preflight(self) -> None:
        self._enter(Phase.PREFLIGHT)
        await self._unless_aborted(preflight.check_all(self._context))

    async def _baseline(self) -> None:
        context = self._context
        self._enter(Phase.BASELINE)
        await self._unless_aborted(self._start())
        await self._wait(lambda: False, context.scenario.phases.baseline)
        # No limit: without an answer in time the supervisor aborts, and this wait ends with it.
        await self._wait(lambda: not real_incidents.open_questions(context.live_facts), None)
        try:
            self._check_baseline()
        except NotReady as error:
            check = ev.PreflightChecked(check="baseline", passed=False, detail=error.message, hint=error.hint)
            context.recorder.record(check)
            raise

    async def _start(self) -> None:
        """Start the load and the fault keeper at once: each takes a second to import what it needs."""
        keeper = asyncio.ensure_future(preflight.check_keeper(self._context))
        try:
            await self._start_load()
            await keeper
        finally:
            await cancel([keeper])

    async def _start_load(self) -> None:
        context, wanted = self._context, self._context.scenario.load
        if context.load is None or wanted is None:
            return
        await context.load.start(
            wanted,
            base_url=context.base_url,
            environment=context.load_env,
            on_chunks=context.live_facts.take_load,
        )
        context.recorder.record(ev.LoadStarted(users=wanted.users, workers=wanted.workers))

    def _check_baseline(self) -> None:
        """Raise NotReady when the users' SLOs can't be judged, or are not met, before the fault."""
        context = self._context
        if not context.live_facts.has(ev.LoadStarted):
            return
        slos = tuple(slo for slo in context.scenario.slos if slo.source == "load")
        # The whole baseline, not a window: a request that users rarely make is still found in it.
        over_baseline = tuple(
            replace(slo, window=max(slo.window, context.scenario.phases.baseline)) for slo in slos
        )
        for level in impact.service(over_baseline, context.live_facts.load(), context.clock.now()):
            if level.requests == 0:
                raise NotReady(
                    f"no request matched SLO {level.slo} during the baseline",
                    hint="compare its `request` with the names that Locust prints (TYPE NAME or NAME)",
                )
        for slo in slos:
            self._check_windows(slo, impact.fullest(slo, context.live_facts.load()))
        for level in impact.service(slos, context.live_facts.load(), context.clock.now()):
            # A window that can't be judged is no reason to refuse: the baseline may be shorter than the
            # window.
            if level.judged and level.bad_for > 0:
                raise NotReady(
                    f"SLO {level.slo} is not met before the fault: {level.good or 0:.1%} good",
                    hint="the target is not healthy, or the SLO is too strict for it; nothing was injected",
                )

    def _check_windows(self, slo: Slo, most: float) -> None:
        """Raise NotReady for an SLO that no window could ever judge: it would call an outage no effect."""
        if most >= slo.min_requests:
            return
        enough = slo.window * slo.min_requests / most
        raise NotReady(
            f"SLO {slo.slo} can't be judged: in the baseline a window of {format_duration(slo.window)} held "
            f"{most:.0f} requests at most, and it needs {slo.min_requests}",
            hint=f"give the SLO `min_requests: {max(1, int(most * 0.7))}`, or a `window` of at least "
            f"{format_duration(math.ceil(enough * 1.3))}, or let more `users` make requests",
        )

    async def _inject(self) -> None:
        context = self._context
        self._enter(Phase.INJECT)
        # Before the request: a guardrail may trip while the experiment still starts.
        self._supervisor.guarded = True
        if context.fault_request is None:
            self._origin = context.clock.now()
            return
        # The fault must be in the store before it is injected: only then can anybody else revert it.
        await self._wait(lambda: not context.store.degraded(), None)
        await self._unless_aborted(self._faults.inject(context.fault_request))
        # No limit: the keeper has deadlines for activities and for silence, and its death aborts the drill.
        await self._wait(self._injected_or_failed, None)
        injected, held = context.live_facts.first(ev.FaultInjected), context.live_facts.first(ev.FaultHeld)
        began = injected or held
        # The instant that the fact counts from, not the one at which it was read: injects are timed by it.
        self._origin = began.at if began else context.clock.now()
        failed = context.live_facts.first(ev.FaultFailed)
        # A failure after the fault took effect is no reason to stop: users may be affected, and the team
        # responds.
        if failed is not None and began is None:
            self.abort("fault-failed", failed.fact.error)
            raise Aborted

    def _injected_or_failed(self) -> bool:
        live_facts = self._context.live_facts
        ends = (ev.FaultInjected, ev.FaultHeld, ev.FaultFailed, ev.FaultReverted)
        return any(live_facts.has(kind) for kind in ends)

    async def _respond(self) -> None:
        context = self._context
        self._enter(Phase.RESPOND)
        assert self._origin is not None
        async with tasks.response_tasks(context, self._faults, self._origin):
            why = await self._until_response_ends(self._origin)
        context.recorder.record(ev.ResponseEnded(why=why))

    async def _until_response_ends(self, origin: Instant) -> str:
        """Wait until the response has ended, and give the reason."""
        scenario = self._context.scenario
        allowed = scenario.phases.response
        if scenario.hold == "for" and scenario.hold_for is not None:
            # A hold can't outlast the response: that is what the policy has checked as the longest hold.
            allowed = min(allowed, scenario.hold_for)
        end = origin + allowed
        reason = ""

        def ended() -> bool:
            nonlocal reason
            late = self._context.clock.now() >= end + self._context.live_facts.extended()
            reason = self._end_reason() or ("time" if late else "")
            return bool(reason)

        await self._wait(ended, None)
        return reason

    def _end_reason(self) -> str:
        """Give why the response has ended; empty while it goes on."""
        context = self._context
        now = context.clock.now()
        if context.live_facts.has(ev.EndRequested):
            return "ended"
        if self._faults.main_is_over() and not grants.first_grant(context.live_facts):
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
        """Report whether recovery is observed and, by a team, marked."""
        marks = self._context.live_facts.each(ev.MilestoneMarked)
        # Nothing is injected, so no sample shows an impact: people mark when they have recovered.
        if not self._context.scenario.experiment:
            return any(mark.fact.milestone == MilestoneName.RECOVERED for mark in marks)
        if not self._context.live_milestones.recovered(now):
            return False
        # A team has to mark its recovery as well: only then has it noticed.
        if self._context.scenario.responders is not Party.TEAM:
            return True
        return any(mark.fact.milestone == MilestoneName.RECOVERED for mark in marks)

    async def _revert(self, *, now: bool) -> None:
        """Have the fault reverted: by releasing the hold, or `now`, at once."""
        context, why = self._context, "abort" if now else "response over"
        faults = self._faults.open()
        # The keeper first, the history after: a store that is gone must not delay a revert.
        await self._faults.revert(faults, why, now=now)
        self._enter(Phase.REVERT)
        for fault in faults:
            context.recorder.record(ev.RevertRequested(fault=fault, why=why))
        if faults:
            self._standing_by.append(asyncio.ensure_future(self._stand_by()))
            await self._until_reverted(now=now)

    async def _stand_by(self) -> None:
        """Have processes ready to play the rollbacks, should the keeper die while it plays them.

        Not at once: most rollbacks are over by then, and no other process should compete with them.
        """
        context = self._context
        if context.keeper.alive():
            await context.clock.sleep(STAND_BY_AFTER)
        # `open`: what is reverted by now needs nobody. Without a keeper, `settle` starts what it needs.
        for request in self._faults.requests(self._faults.open() if context.keeper.alive() else ()):
            with contextlib.suppress(OSError, TimeoutError, StoreUnavailable):
                await context.rollback_player.warm(request, self._record_standby)

    def _record_standby(self, fact: ev.Fact, at: Instant) -> None:
        if isinstance(fact, ev.ProcessStarted):
            self._spared.append(Identity(pid=fact.pid, started_ticks=fact.started_ticks, boot=fact.boot))
        self._context.recorder.record(fact, at=at)

    async def _until_reverted(self, *, now: bool) -> None:
        """Wait until the keeper has reverted; without a keeper, or when it is late, revert ourselves."""
        context = self._context
        limit = context.clock.now() + REVERT_LIMIT
        aborting = now
        while not self._reverted_or_gave_up():
            # `settle` fences the keeper first, so that a late one does not play at the same time.
            if not context.keeper.alive() or context.clock.now() >= limit:
                # Whatever it ran into: `settle` starts what is not there.
                await asyncio.gather(*self._standing_by, return_exceptions=True)
                await revert.settle(
                    context.store,
                    context.drill,
                    rollback_player=context.rollback_player,
                    clock=context.clock,
                    machine=context.machine,
                    spare=self._spared,
                )
                return
            if not aborting and self._context.live_facts.abort_asked():
                aborting = (
                    True  # the hold was only released so far: now the keeper must not wait for anything
                )
                await self._faults.revert(self._faults.open(), "abort", now=True)
            await context.clock.sleep(POLL_INTERVAL)

    def _reverted_or_gave_up(self) -> bool:
        self._supervisor.tail()
        faults = exposure.open_faults(self._context.live_facts.history())
        # True for no open fault at all, too.
        return all(exposed.gave_up for exposed in faults)

    async def _verify(self) -> str:
        """Watch the service after the revert, and judge the steady state again."""
        context = self._context
        self._enter(Phase.VERIFY)
        try:
            await self._wait(lambda: False, context.scenario.phases.verify)
        except Aborted:
            return "aborted"
        await self._check_steady_state()
        return "completed"

    async def _check_steady_state(self) -> None:
        """Judge the steady state after the revert, and record it; the service gets some time to settle."""
        context = self._context
        if not context.experiment:
            return
        aborts = len(context.live_facts.each(ev.AbortRequested))

        def wanted() -> bool:  # whoever aborts once more does not want to wait
            self._supervisor.tail()
            return len(context.live_facts.each(ev.AbortRequested)) <= aborts

        context.recorder.record(
            await steady_state.until_met(
                lambda: context.prober.check_steady_state(context.experiment),
                context.clock,
                within=steady_state.SETTLING_TIME,
                wanted=wanted,
            )
        )

    async def _stop_load(self) -> None:
        context = self._context
        if context.load is None or not context.live_facts.has(ev.LoadStarted):
            return
        await context.load.stop()
        context.live_facts.save_load()
        context.recorder.record(
            ev.LoadStopped(requests=context.live_facts.requests, failures=context.live_facts.failures)
        )

    async def _close(self, how: str) -> None:
        """End the children, the keeper last, then record that the drill is closed."""
        context = self._context
        try:
            if context.load is not None and not context.live_facts.has(ev.LoadStopped):
                await context.load.stop()
            # However the drill ended; and before the keeper takes down what `up` brought up.
            self._supervisor.tail()
            if not self._checked_after():
                await self._check_steady_state()
            await context.signals.stop()
        finally:
            await cancel(self._standing_by)
            await context.rollback_player.close()
            # Last: only the keeper reverts if this process dies on the way. False: it never ran, or died.
            if not await context.keeper.stop():
                await self._clean_up()
        context.live_facts.save_load()
        self._supervisor.tail()
        self._supervisor.give_up_messages()
        self._enter(Phase.CLOSE)
        # A command or another host may have reverted and closed the drill meanwhile.
        if not context.live_facts.has(ev.DrillClosed):
            reverted = not exposure.open_faults(context.live_facts.history())
            context.recorder.record(ev.DrillClosed(how=how, reverted=reverted))
        # After DrillClosed: who takes the environment next must not find this drill open.
        await self._release()
        self._supervisor.tail()

    def _checked_after(self) -> bool:
        """Report whether the steady state was judged after the revert, or there is nothing to judge."""
        history = self._context.live_facts.history()
        checks = [check for check in history.each(ev.SteadyStateChecked) if check.fact.stage == "after"]
        return bool(checks or exposure.open_faults(history)) or steady_state.pending(history) is None

    async def _clean_up(self) -> None:
        """Do what the keeper would have done, had it been started, or lived."""
        context = self._context
        self._supervisor.tail()  # an environment that was brought up a moment ago is taken down, too
        await revert.tidy(
            context.live_facts.history(),
            context.store,
            context.drill,
            rollback_player=context.rollback_player,
            clock=context.clock,
            machine=context.machine,
        )

    async def _release(self) -> None:
        """Give the leases back, and end the processes that answered questions."""
        context = self._context
        context.store.release_lease(context.scenario.environment, context.drill)
        if context.target_lease is not None:
            await context.target_lease.release(context.lease(context.clock.now(), target_lease.LEASE_TIME))
        for meter in context.meters.values():
            await meter.close()
        if context.fault_targets is not None:
            await context.fault_targets.targets.close()

    # --- waiting ---

    def _enter(self, phase: Phase) -> None:
        self._context.recorder.record(ev.PhaseEntered(phase=phase))

    async def _wait(self, condition: Callable[[], bool], limit: Seconds | None) -> bool:
        """Wait until a condition holds or `limit` seconds are over. Raises Aborted."""
        clock = self._context.clock
        end = None if limit is None else clock.now() + limit
        while not condition():
            # Read here, too: an abort must not wait until the supervisor reads the store next.
            self._supervisor.tail()
            # Asked before the limit, so that an abort at the last instant is not taken for an end in time.
            if self._context.live_facts.abort_asked():
                # First of all: to end what runs alongside takes time, and a responder's process may be slow.
                await self._faults.revert(self._faults.open(), "abort", now=True)
                raise Aborted
            if end is not None and clock.now() >= end:
                return False
            await self._pause()
        return True

    async def _pause(self) -> None:
        """Wait for the next look, or until somebody has stored something and says so."""
        if self._context.wakeup is None:
            await self._context.clock.sleep(WAIT_INTERVAL)
        else:
            await self._context.wakeup.wait(WAIT_INTERVAL)

    async def _unless_aborted(self, work: Coroutine[object, object, None]) -> None:
        """Do some work to its end, unless an abort comes first. Raises Aborted, and what the work raises."""
        task = asyncio.ensure_future(work)
        try:
            await self._wait(task.done, None)
            task.result()
        finally:  # nothing to cancel once it is done; after an abort, the work must be gone before the revert
            await cancel([task])
