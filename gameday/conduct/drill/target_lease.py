"""Two conditions for a fault on a shared environment: no other drill runs there, and another host can revert.

On loopback this host is alone: its own store's lease is enough, and if the host dies the target dies with it.
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

LEASE_TIME: Seconds = 60.0
"""How long a lease of the environment is valid. When this process dies, the environment is free after it."""
RENEW_INTERVAL: Seconds = 20.0
"""How often it is renewed: two renewals may fail before it runs out."""
POLL_INTERVAL: Seconds = 0.25
CROSS_STORE_CHECK = "no drill from another store"
"""The name of the preflight check after which both leases are ours."""


def is_remote(context: DrillContext) -> bool:
    """Report whether the drill's environment reaches beyond this machine."""
    return reaches_beyond_this_machine(context.rules, context.base_url)


def reaches_beyond_this_machine(rules: Policy, base_url: str) -> bool:
    """Report whether an environment reaches beyond this machine: its address, a cluster, an account."""
    if rules.kubernetes is not None or rules.aws is not None:
        return True
    if not base_url:
        return False
    try:
        return not addresses.is_loopback(addresses.parse(base_url).host)
    except ValueError:  # an address that can't be read may be anywhere
        return True


async def exclusive_across_stores(context: DrillContext) -> str:
    """Raise NotReady where a drill from another store could run on the same environment."""
    if not is_remote(context):
        return "the lease in this store is enough on loopback"
    if context.shared_store:
        return "the store is shared"
    why = "the store is local to this host, and the environment keeps no lease itself"
    if context.target_lease is not None:
        try:
            await take_in_target(context)
        # Busy is a NotReady: another drill holds the environment, and no option accepts that.
        except Busy:
            raise
        except NotReady as error:
            why = error.message
        else:
            return "the environment keeps the lease itself"
    if context.options.accept_no_lease:
        return f"accepted with --accept-no-lease: {why}"
    raise NotReady(
        f"a drill from another host could start on this environment, too: {why}",
        hint="use a store that hosts share, or list the environment's kubernetes namespaces; "
        "--accept-no-lease if you make sure of it yourself",
    )


async def take_in_target(context: DrillContext) -> None:
    """Take or renew the lease that the environment keeps. Raises Busy, or NotReady when it can't be taken."""
    if context.target_lease is None:
        return
    now = context.clock.now()
    other = await context.target_lease.take(context.lease(now, LEASE_TIME))
    if other is not None:
        raise Busy(
            describe_holder(other, now), hint="it was started from another store; ask whoever started it"
        )


def describe_holder(lease: Lease, now: float) -> str:
    """Describe who holds an environment, since when and until when."""
    since, left = format_duration(now - lease.since), format_duration(max(0.0, lease.until - now))
    return (
        f"environment {lease.environment} is held by drill {lease.drill} ({lease.holder}) "
        f"since {since}, for at most {left} more"
    )


async def keep_leases(context: DrillContext, abort: Callable[[str, str], None]) -> None:
    """Renew the environment's leases; abort when one is another's, or can't be kept much longer."""
    # Preflight takes the leases; until then there is nothing to renew.
    while not _leased(context):
        await context.clock.sleep(POLL_INTERVAL)
    renewed, why = context.clock.now(), ""  # preflight has just taken both
    while not why and not context.live_facts.abort_asked():
        await context.clock.sleep(RENEW_INTERVAL)
        try:
            await _renew(context)
            renewed = context.clock.now()
        except Busy as lost:
            why = lost.message
        except (NotReady, StoreUnavailable) as error:
            # Not at the first failure, but before the lease runs out and somebody else may take it.
            age = context.clock.now() - renewed
            why = error.message if age > LEASE_TIME - RENEW_INTERVAL else ""
    if why:
        abort("lease-lost", why)


def _leased(context: DrillContext) -> bool:
    checks = context.live_facts.each(ev.PreflightChecked)
    return any(checked.fact.check == CROSS_STORE_CHECK and checked.fact.passed for checked in checks)


async def _renew(context: DrillContext) -> None:
    """Renew both leases.

    Raises Busy when another drill has one, NotReady when the target's can't be renewed now, StoreUnavailable.
    """
    now = context.clock.now()
    # In a thread: a locked store must not stop the event loop, on which guardrails and the revert run.
    other = await asyncio.to_thread(context.store.take_lease, context.lease(now, LEASE_TIME))
    if other is not None:
        raise Busy(describe_holder(other, now))
    if not context.options.accept_no_lease:
        await take_in_target(context)


async def second_host_for_revert(context: DrillContext) -> str:
    """Raise NotReady for a held fault that nobody could revert if this host died."""
    if not is_remote(context) or not dry_run.longest_hold(context.scenario):
        return "not needed"
    others = [host for host in context.store.reverter_hosts() if host != context.conductor.host]
    if others:
        return f"{', '.join(others)} can revert if this host dies"
    if context.options.accept_local_keeper:
        return "accepted with --accept-local-keeper: only this host can revert"
    raise NotReady(
        "if this host died, nobody would revert the fault",
        hint="run gameday serve on another host with the same store; "
        "--accept-local-keeper if you accept that",
    )
