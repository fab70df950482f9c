"""What runs beside the response: the scripted responder, injects, grants, probes and the trail.

Comes in: a desk, the drill's faults, the instant that injects count from. Goes out: facts.
Does not: end the response; that is the conductor's to see.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager

from gameday.conduct.background import beside
from gameday.conduct.drill.context import Desk
from gameday.conduct.drill.faults import Faults
from gameday.conduct.drill.response.grants import Granter
from gameday.conduct.drill.response.injects import Injector
from gameday.conduct.drill.response.script_player import Player
from gameday.conduct.recorder import Recorder
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Scenario
from gameday.core.values import Instant, Seconds

Work = Coroutine[object, object, None]


def helping(desk: Desk, faults: Faults, origin: Instant) -> AbstractAsyncContextManager[None]:
    """Give a context in which all helpers of a response run; the first failure of one ends its body."""
    work: list[Work] = [] if desk.script is None else [_play(desk)]
    work += [_send_injects(desk, faults, origin), Granter(desk).honour()]
    work += [_ask(desk, probe, every) for probe, every in _probes(desk.scenario)]
    if desk.trail is not None:
        work.append(_follow(desk.pen.as_source("trail"), desk.trail.watch()))
    return beside(work)


def _play(desk: Desk) -> Work:
    assert desk.script is not None
    pen = desk.pen.as_source("responder", desk.script.responder)
    player = Player(
        script=desk.script, pen=pen, board=desk.board, watch=desk.watch, clock=desk.clock, runner=desk.runner
    )
    return player.play()


def _send_injects(desk: Desk, faults: Faults, origin: Instant) -> Work:
    injector = Injector(
        injects=desk.scenario.injects,
        pen=desk.pen,
        board=desk.board,
        watch=desk.watch,
        clock=desk.clock,
        load=desk.load,
        break_further=lambda index: faults.inject(desk.further[index]),
    )
    return injector.send_all(origin)


def _probes(scenario: Scenario) -> list[tuple[str, Seconds]]:
    """List the probes that the scenario's milestones ask for, and how often."""
    rules = scenario.milestones
    conditions = [
        c for r in (rules.detected, rules.contained, rules.recovered) for c in r.conditions if c.probe
    ]
    return sorted({c.probe: c.every for c in conditions}.items())


async def _ask(desk: Desk, probe: str, every: Seconds) -> None:
    """Ask a milestone's probe, and write down each change of its answer."""
    last: ev.ProbeJudged | None = None
    while True:
        asked = await desk.prober.ask(probe)
        if last is None or asked.ok != last.ok:
            desk.pen.record(asked)
            last = asked
        await desk.clock.sleep(every)


async def _follow(
    pen: Recorder, trail: AsyncIterator[tuple[Instant | None, ev.ActionTaken | ev.TrailWatched]]
) -> None:
    """Write down what the environment's trail shows."""
    async for at, fact in trail:
        pen.record(fact, at=at)
