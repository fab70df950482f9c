"""What runs alongside the response: the scripted responder, injects, grants, probes and the trail.

None of it ends the response: the conductor decides that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager

from gameday.conduct.background import run_alongside
from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.fault.requests import Faults
from gameday.conduct.drill.response.grants import GrantHandler
from gameday.conduct.drill.response.injects import InjectSender
from gameday.conduct.drill.response.script_player import ScriptPlayer
from gameday.conduct.recorder import Recorder
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Scenario
from gameday.core.values import Instant, Seconds

Work = Coroutine[object, object, None]


def response_tasks(
    context: DrillContext, faults: Faults, origin: Instant
) -> AbstractAsyncContextManager[None]:
    """Run all tasks of a response alongside the body; the first failure of one ends it."""
    work: list[Work] = [] if context.script is None else [_play(context)]
    work += [_send_injects(context, faults, origin), GrantHandler(context).act()]
    work += [_ask(context, probe, every) for probe, every in _probes(context.scenario)]
    if context.trail is not None:
        work.append(_follow(context.recorder.as_source("trail"), context.trail.watch()))
    return run_alongside(work)


def _play(context: DrillContext) -> Work:
    assert context.script is not None
    recorder = context.recorder.as_source("responder", context.script.responder)
    player = ScriptPlayer(
        script=context.script,
        recorder=recorder,
        live_facts=context.live_facts,
        live_milestones=context.live_milestones,
        clock=context.clock,
        runner=context.runner,
    )
    return player.play()


def _send_injects(context: DrillContext, faults: Faults, origin: Instant) -> Work:
    sender = InjectSender(
        injects=context.scenario.injects,
        recorder=context.recorder,
        live_facts=context.live_facts,
        live_milestones=context.live_milestones,
        clock=context.clock,
        load=context.load,
        inject_further=lambda index: faults.inject(context.further[index]),
    )
    return sender.send_all(origin)


def _probes(scenario: Scenario) -> list[tuple[str, Seconds]]:
    """List the probes that the scenario's milestones need, and how often each is asked."""
    rules = scenario.milestones
    conditions = [
        c for r in (rules.detected, rules.contained, rules.recovered) for c in r.conditions if c.probe
    ]
    # A dict by probe: two rules with the same probe ask it once.
    return sorted({c.probe: c.every for c in conditions}.items())


async def _ask(context: DrillContext, probe: str, every: Seconds) -> None:
    """Ask a milestone's probe, and record each change of its answer."""
    last: ev.ProbeJudged | None = None
    while True:
        answer = await context.prober.ask(probe)
        # Changes only: an answer a second for an hour would bury the history.
        if last is None or answer.ok != last.ok:
            context.recorder.record(answer)
            last = answer
        await context.clock.sleep(every)


async def _follow(
    recorder: Recorder, trail: AsyncIterator[tuple[Instant | None, ev.ActionTaken | ev.TrailWatched]]
) -> None:
    """Record the changes that the environment's trail shows."""
    async for at, fact in trail:
        recorder.record(fact, at=at)
