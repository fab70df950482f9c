"""Preflight: everything that must be true before anything is injected.

Comes in: the drill's desk. Goes out: a PreflightChecked for each check; raises NotReady at the
first that fails, with what to look at. Does not: validate files; that is done before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from gameday import ports
from gameday.conduct.drill import guardrails, policy_check, target_lease
from gameday.conduct.drill.context import Desk
from gameday.core import exposure
from gameday.core.errors import Busy, GamedayError, NotReady
from gameday.core.facts import drill as ev
from gameday.core.facts import history

Check = Callable[[Desk], Awaitable[str]]
"""Gives what was found, or raises NotReady."""


async def nothing_left_over(desk: Desk) -> str:
    """Refuse while an earlier drill of this store may still have a fault in force.

    One that is on elsewhere, and holds that environment, is no leftover: several may be on side by side.
    """
    for row in desk.store.live():
        if row.drill == desk.drill or _is_on(desk.store, row):
            continue
        past = history.of(stored.event for stored in desk.store.read(row.drill))
        if exposure.of(past):
            raise NotReady(
                f"drill {row.drill} on {row.environment} may still have a fault in force",
                hint="gameday revert --all undoes it; then start again",
            )
    return "no earlier drill has a fault in force"


def _is_on(store: ports.HistoryStore, row: ports.DrillRow) -> bool:
    lease = store.lease(row.environment)
    return lease is not None and lease.drill == row.drill


async def policy_allows(desk: Desk) -> str:
    """Refuse what the environment's policy does not allow, before anything is touched, even by `up`."""
    verdicts = await policy_check.judge(
        desk.scenario,
        desk.rules,
        desk.ground,
        now=desk.clock.now(),
        base_url=desk.base_url,
        request=desk.fault_request,
    )
    return policy_check.admit(verdicts)


async def environment_free(desk: Desk) -> str:
    """Take the environment's lease, or say who holds it."""
    now = desk.clock.now()
    other = desk.store.take_lease(desk.lease(now, target_lease.LEASE))
    if other is not None:
        raise Busy(
            target_lease.held(other, now), hint="wait for it, or end it with: gameday end, gameday abort"
        )
    return f"{desk.scenario.environment} is ours"


async def target_reachable(desk: Desk) -> str:
    """Bring the target up if it does not answer and can be brought up; refuse if it does not answer."""
    why = await desk.target.reachable()
    if not why:
        return "the target answers"
    up, down = desk.target.hooks()
    ran = await desk.target.up()
    if ran is None:
        raise NotReady(why, hint="start the target, or give the environment an `up` in gameday.toml")
    desk.pen.record(ev.EnvironmentBroughtUp(command=up, down=down))
    if ran.exit_code != 0:
        raise NotReady(
            f"`{' '.join(up)}` failed: {ran.output.strip()[-500:]}", hint="run it by hand and look"
        )
    why = await desk.target.reachable()
    if why:
        raise NotReady(f"{why}, even after `{' '.join(up)}`")
    return "the target answers; this drill brought it up"


async def steady_state(desk: Desk) -> str:
    """Judge the experiment's hypothesis; refuse when it is not met or can't be judged."""
    if not desk.experiment:
        return "no experiment"
    checked = await desk.prober.steady(desk.experiment)
    desk.pen.record(checked)
    if checked.met is None:
        raise NotReady(f"the steady state could not be judged: {checked.detail}")
    if not checked.met:
        raise NotReady(
            f"the steady state is not met: {checked.detail}",
            hint="the target is not well; nothing was injected. Look at the probe that failed",
        )
    return checked.detail or "met"


async def targets_found(desk: Desk) -> str:
    """Resolve what the experiment is aimed at; refuse when that is nothing, or when it would do nothing."""
    return await desk.aims.count() if desk.aims is not None else "nothing that could be counted"


async def guardrails_answer(desk: Desk) -> str:
    """Ask every guardrail outside the load once; refuse when one can't be evaluated, or is breached."""
    rails = guardrails.rails_of(
        desk.scenario, watch=desk.watch, clock=desk.clock, prober=desk.prober, meters=desk.meters
    )
    asked = [rail for rail in rails if isinstance(rail, guardrails.AskedRail)]
    for rail in asked:
        reading = await rail.ask()
        if reading.breached is None:
            raise NotReady(
                f"guardrail {rail.name} can't be evaluated: {reading.detail}",
                hint="a drill is not started blind; mend it, or leave it out",
            )
        if reading.breached:
            raise NotReady(
                f"guardrail {rail.name} is breached before the fault: {reading.detail}",
                hint="the target is not well; nothing was injected",
            )
    return f"{len(asked)} asked, {len(rails) - len(asked)} judged by the load"


async def keeper_ready(desk: Desk) -> str:
    """Start the fault keeper, so that somebody reverts whatever happens to us."""
    if desk.fault_request is None and not desk.further:
        return "no experiment"
    await desk.keeper.start()
    return "it holds our pipe"


async def alerts_heard(desk: Desk) -> str:
    """Open the receiver of alerts, and register it with the environment's monitor."""
    heard = await desk.signals.start(lambda events: desk.store.append(*events))
    return ", ".join(sorted(heard)) or "no alert source"


CHECKS: Sequence[tuple[str, Check]] = (
    ("environment free", environment_free),  # first: a drill that is on is no leftover
    ("nothing left over", nothing_left_over),
    ("policy", policy_allows),
    ("second reverter", target_lease.second_reverter),
    (target_lease.KEPT, target_lease.kept_between_stores),
    ("target reachable", target_reachable),
    ("alerts heard", alerts_heard),
    ("targets", targets_found),
    ("guardrails", guardrails_answer),
    ("steady state", steady_state),
    ("fault keeper", keeper_ready),
)


async def check_all(desk: Desk) -> None:
    """Make every check in order, and write each down. Raises NotReady at the first that fails."""
    for name, check in CHECKS:
        try:
            found = await check(desk)
        except GamedayError as error:
            why = error.message.removeprefix(f"{name}: ")  # a refusal of the policy says whose it is
            desk.pen.record(ev.PreflightChecked(check=name, passed=False, detail=why, hint=error.hint))
            raise
        desk.pen.record(ev.PreflightChecked(check=name, passed=True, detail=found))
