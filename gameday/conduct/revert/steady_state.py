"""Judges the steady state after a revert: rollbacks that ran are not yet a service that is healthy again.

The check comes after the rollbacks and never delays them. The service gets time to settle. Who judges the
drill reads the answer from the history (`core.judging.result.in_force`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from gameday import ports
from gameday.conduct.revert.context import RevertContext
from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.values import Seconds

SETTLING_TIME: Seconds = 15.0
"""Seconds within which the steady state must be met again, at most."""
CHECK_INTERVAL: Seconds = 1.0

Judge = Callable[[], Awaitable[ev.SteadyStateChecked]]


async def until_met(
    judge: Judge, clock: ports.Clock, *, within: Seconds, wanted: Callable[[], bool] = lambda: True
) -> ev.SteadyStateChecked:
    """Judge the steady state until it is met, `within` seconds are over or it is not `wanted` any more."""
    end = clock.now() + within
    while True:
        checked = await judge()
        if checked.met or clock.now() >= end or not wanted():
            return ev.SteadyStateChecked(stage="after", met=checked.met, detail=checked.detail)
        await clock.sleep(CHECK_INTERVAL)


def pending(history: History) -> ev.FaultRequested | None:
    """Give the request whose steady state must be judged once every fault is undone.

    None: nothing of ours was injected, it was met after the last revert, or only the experiment can judge it.
    """
    if any(check.fact.detail == exposure.ONLY_WITHIN for check in history.each(ev.SteadyStateChecked)):
        return None
    injected = [fault for fault in exposure.injected_faults(history) if fault.signed]
    if not injected:
        return None
    checked = [check for check in history.each(ev.SteadyStateChecked) if check.fact.stage == "after"]
    reverted = history.last(ev.FaultReverted)
    met = bool(checked) and bool(checked[-1].fact.met)
    since = reverted is not None and met and reverted.at > checked[-1].at
    return injected[0].request if not met or since or exposure.open_faults(history) else None


async def confirm(history: History, context: RevertContext) -> None:
    """Judge and record the steady state once every fault is undone, where that is still to be done."""
    request = pending(history)
    if request is not None and context.rollback_player.has_hypothesis(request):
        judging = until_met(
            lambda: context.rollback_player.steady_state(request), context.clock, within=SETTLING_TIME
        )
        context.recorder.record(await judging)
