"""What must be sure before a shared environment is broken: nobody else does, and somebody else can revert.

Comes in: the drill's desk. Goes out: what was found, or NotReady. On loopback this host is alone: its
own store's lease is enough, and a host that goes takes the target with it.
Does not: take the lease of this drill's own store; `preflight` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gameday.conduct.drill.context import DrillContext
from gameday.core.errors import Busy, NotReady, StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.plans import dry_run
from gameday.core.policy import Policy, addresses
from gameday.core.values import Seconds, format_duration
from gameday.ports import Lease

LEASE: Seconds = 60.0
"""Seconds for which the environment's lease is taken each time."""
RENEW: Seconds = 20.0
"""How often it is renewed."""
LOOK: Seconds = 0.25
KEPT = "environment free for other stores"
"""The check behind which both leases are ours."""


def is_remote(context: DrillContext) -> bool:
    """Tell whether the environment reaches beyond this machine."""
    return reaches_beyond_this_machine(context.rules, context.base_url)


def reaches_beyond_this_machine(rules: Policy, base_url: str) -> bool:
    """Tell whether an environment reaches beyond this machine: its address, a cluster, an account."""
    if rules.kubernetes is not None or rules.aws is not None:
        return True
    if not base_url:
        return False
    try:
        return not addresses.is_loopback(addresses.parse(base_url).host)
    except ValueError:
        return True


async def exclusive_across_stores(context: DrillContext) -> str:
    """Refuse where a drill of another store could break the same environment at once."""
    if not is_remote(context):
        return "on loopback this store's lease is enough"
    if context.shared_store:
        return "the store is shared"
    why = "its store is this host's own, and the environment keeps no lease"
    if context.target_lease is not None:
        try:
            await take_in_target(context)
        except Busy:
            raise
        except NotReady as error:
            why = error.message
        else:
            return "the environment itself keeps the lease"
    if context.accept_no_lease:
        return f"accepted: {why}"
    raise NotReady(
        f"a drill from another host could start here, too: {why}",
        hint="use a store that hosts share, or name the environment's kubernetes namespaces; "
        "--accept-no-lease says that you see to it",
    )


async def take_in_target(context: DrillContext) -> None:
    """Take or renew the lease that the environment keeps. Raises Busy, or NotReady when it can't be kept."""
    if context.target_lease is None:
        return
    now = context.clock.now()
    other = await context.target_lease.take(context.lease(now, LEASE))
    if other is not None:
        raise Busy(describe_holder(other, now), hint="it was started from another store; ask its holder")


def describe_holder(lease: Lease, now: float) -> str:
    """Say who holds an environment, since when and until when."""
    since, left = format_duration(now - lease.since), format_duration(max(0.0, lease.until - now))
    return (
        f"environment {lease.environment} is held by drill {lease.drill} ({lease.holder}) "
        f"since {since}, for at most {left} more"
    )


async def keep_leases(context: DrillContext, abort: Callable[[str, str], None]) -> None:
    """Renew the environment's leases; abort when one is another's, or can't be kept much longer."""
    while not _leased(context):
        await context.clock.sleep(LOOK)
    renewed, why = context.clock.now(), ""
    while not why and not context.live_facts.abort_asked():
        await context.clock.sleep(RENEW)
        try:
            await _renew(context)
            renewed = context.clock.now()
        except Busy as lost:
            why = lost.message
        except (NotReady, StoreUnavailable) as error:
            why = error.message if context.clock.now() - renewed > LEASE - RENEW else ""
    if why:
        abort("lease-lost", why)


def _leased(context: DrillContext) -> bool:
    checks = context.live_facts.each(ev.PreflightChecked)
    return any(checked.fact.check == KEPT and checked.fact.passed for checked in checks)


async def _renew(context: DrillContext) -> None:
    """Renew both leases; a store that is locked keeps nobody waiting.

    Raises Busy for another's, NotReady where the target can't keep its own now, StoreUnavailable.
    """
    now = context.clock.now()
    other = await asyncio.to_thread(context.store.take_lease, context.lease(now, LEASE))
    if other is not None:
        raise Busy(describe_holder(other, now))
    if not context.accept_no_lease:
        await take_in_target(context)


async def second_reverter(context: DrillContext) -> str:
    """Refuse a held fault that nobody could revert if this host went."""
    if not is_remote(context) or not dry_run.longest_hold(context.scenario):
        return "none is needed"
    others = [host for host in context.store.standing_by() if host != context.conductor.host]
    if others:
        return f"{', '.join(others)} reverts if this host can't"
    if context.accept_local_keeper:
        return "accepted: only this host can revert"
    raise NotReady(
        "if this host went, nobody would revert the fault",
        hint="run gameday serve on another host with the same store; "
        "--accept-local-keeper says that you see to it",
    )
