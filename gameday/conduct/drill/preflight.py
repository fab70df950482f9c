"""Preflight: everything that must be true before anything is injected.

Each check is recorded as PreflightChecked, and the first that fails ends the drill with what to look at.
Files were validated before.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence

from gameday import ports
from gameday.conduct.drill import policy_check, target_lease
from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.guardrails.checks import build_checks
from gameday.conduct.drill.guardrails.polled import PolledCheck
from gameday.core import exposure
from gameday.core.errors import Busy, GamedayError, HistoryCorrupt, NotReady
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.plans import dry_run
from gameday.system import child_environment

PreflightCheck = Callable[[DrillContext], Awaitable[str]]
"""Gives what it found out, or raises NotReady."""


async def no_fault_left_over(context: DrillContext) -> str:
    """Raise NotReady while an earlier drill of this store may still have a fault in force.

    A drill that runs on another environment, and holds its lease, is not a leftover: several may run at once.
    """
    for row in context.store.live():
        if row.drill == context.drill or _runs(context.store, row):
            continue
        if _blocks(context, row):
            raise NotReady(
                f"drill {row.drill} on {row.environment or 'an unknown environment'} may still have a fault "
                "in force",
                hint=f"run gameday revert {row.drill}: it reverts it or shows the ways out; then start again",
            )
    return "no earlier drill has a fault in force"


def _blocks(context: DrillContext, row: ports.DrillRow) -> bool:
    """Report whether a drill may have a fault in force that keeps this one from starting.

    What nobody here signed blocks its own environment alone: whoever can write into the store could otherwise
    keep all drills from starting.
    """
    here = row.environment == context.scenario.environment
    try:
        past = history.from_events(stored.event for stored in context.store.read(row.drill))
    except HistoryCorrupt:
        return here
    return any(fault.signed or here for fault in exposure.in_doubt(past))


def _runs(store: ports.HistoryStore, row: ports.DrillRow) -> bool:
    lease = store.lease(row.environment)
    return lease is not None and lease.drill == row.drill


async def policy_allows(context: DrillContext) -> str:
    """Raise Refused for what the policy does not allow, before anything is touched, even by `up`."""
    verdicts = await policy_check.judge(
        context.scenario,
        context.rules,
        context.policy_sources,
        now=context.clock.now(),
        base_url=context.base_url,
        request=context.fault_request,
        hashes=context.planned.hashes,
    )
    admitted = policy_check.admit(verdicts)
    return "; ".join((admitted, *await context.policy_sources.identities.hold()))


async def packages_installed(context: DrillContext) -> str:
    """Install what the experiments name and the policy allows. Raises NotReady with uv's own words."""
    first = [context.fault_request] if context.fault_request is not None else []
    unwanted = threading.Event()
    try:
        return (
            await asyncio.to_thread(context.packages, [*first, *context.further.values()], unwanted) or "none"
        )
    finally:
        unwanted.set()  # a drill that ends meanwhile ends uv, too


async def environment_free(context: DrillContext) -> str:
    """Take the environment's lease. Raises Busy with who holds it."""
    now = context.clock.now()
    other = context.store.take_lease(context.lease(now, target_lease.LEASE_TIME))
    if other is not None:
        raise Busy(
            target_lease.describe_holder(other, now),
            hint="wait until it ends, or end it with: gameday end, gameday abort",
        )
    return f"{context.scenario.environment} is leased to this drill"


async def target_reachable(context: DrillContext) -> str:
    """Bring the target up if it does not answer. Raises NotReady when that fails, or it has no `up`."""
    why = await context.target.reachable()
    proxy = child_environment.proxies()
    through = f"; experiments and load go through {proxy}" if proxy else ""
    if not why:
        return f"the target answers{through}"
    up, down = context.target.hooks()
    ran = await context.target.up()
    if ran is None:
        raise NotReady(why, hint="start the target, or give the environment an `up` in gameday.toml")
    # Recorded even where `up` failed: it may have started a part, which `down` takes down.
    context.recorder.record(ev.EnvironmentBroughtUp(command=up, down=down))
    if ran.exit_code != 0:
        raise NotReady(
            f"`{' '.join(up)}` failed: {ran.output.strip()[-500:]}",
            hint="run it by hand and look at its output",
        )
    why = await context.target.reachable()
    if why:
        raise NotReady(f"{why}, even after `{' '.join(up)}`")
    return f"the target answers; this drill brought it up{through}"


async def steady_state(context: DrillContext) -> str:
    """Judge the experiment's hypothesis. Raises NotReady when it is not met or can't be judged."""
    if not context.experiment:
        return "no experiment"
    checked = await context.prober.check_steady_state(context.experiment)
    context.recorder.record(checked)
    if checked.met is None:
        raise NotReady(f"the steady state could not be judged: {checked.detail}")
    if not checked.met:
        raise NotReady(
            f"the steady state is not met: {checked.detail}",
            hint="the target is not healthy; nothing was injected. Look at the probe that failed",
        )
    return checked.detail or "met"


async def targets_found(context: DrillContext) -> str:
    """Count what the experiment is aimed at. Raises NotReady when that is nothing, or it would do nothing."""
    return (
        await context.fault_targets.count()
        if context.fault_targets is not None
        else "nothing that could be counted"
    )


async def guardrails_answer(context: DrillContext) -> str:
    """Read every guardrail outside the load once. Raises NotReady for one breached or unreadable."""
    checks = build_checks(
        context.scenario,
        live_milestones=context.live_milestones,
        clock=context.clock,
        prober=context.prober,
        meters=context.meters,
    )
    polled = [check for check in checks if isinstance(check, PolledCheck)]
    for check in polled:
        reading = await check.ask()
        if reading.breached is None:
            raise NotReady(
                f"guardrail {check.name} can't be evaluated: {reading.detail}",
                hint="make its source answer, or remove the guardrail",
            )
        if reading.breached:
            raise NotReady(
                f"guardrail {check.name} is breached before the fault: {reading.detail}",
                hint="the target is not healthy; nothing was injected",
            )
    return f"{len(polled)} read, {len(checks) - len(polled)} judged by the load"


async def faults_signed(context: DrillContext) -> str:
    """Raise NotReady for a held fault that whoever reverts it could not tell from a stranger's."""
    if context.fault_request is None or not dry_run.longest_hold(context.scenario):
        return "not needed"
    return context.signing()


async def keeper_ready(context: DrillContext) -> str:
    """Start the fault keeper, which reverts if this process dies."""
    if context.fault_request is None and not context.further:
        return "no experiment"
    await context.keeper.start()
    return "started"


async def alerts_received(context: DrillContext) -> str:
    """Listen, poll and register where the environment's alerts come from. Raises NotReady."""
    await context.signals.start(lambda events: context.store.append(*events))
    return "; ".join(context.signals.sources) or "no alert source"


CHECKS: Sequence[tuple[str, PreflightCheck]] = (
    ("environment free", environment_free),  # first: a drill that runs here is not a leftover, but busy
    ("no fault left over", no_fault_left_over),
    ("policy", policy_allows),
    ("packages", packages_installed),
    ("signed", faults_signed),
    ("another host can revert", target_lease.second_host_for_revert),
    (target_lease.CROSS_STORE_CHECK, target_lease.exclusive_across_stores),
    ("target reachable", target_reachable),
    ("alerts received", alerts_received),
    ("targets", targets_found),
    ("guardrails", guardrails_answer),
    ("steady state", steady_state),
)


async def check_all(context: DrillContext) -> None:
    """Make every check in order, and record each. Raises NotReady at the first that fails."""
    for name, check in CHECKS:
        await _check(context, name, check)


async def check_keeper(context: DrillContext) -> None:
    """Make the last check, which takes as long as the load takes to start. Raises NotReady.

    Apart from the others, so that both start at once; nothing is injected before it has passed.
    """
    await _check(context, "fault keeper", keeper_ready)


async def _check(context: DrillContext, name: str, check: PreflightCheck) -> None:
    try:
        detail = await check(context)
    except GamedayError as error:
        why = error.message.removeprefix(f"{name}: ")  # a refusal of the policy begins with `policy:`
        context.recorder.record(ev.PreflightChecked(check=name, passed=False, detail=why, hint=error.hint))
        raise
    context.recorder.record(ev.PreflightChecked(check=name, passed=True, detail=detail))
