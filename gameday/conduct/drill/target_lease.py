"""What must be sure before a shared environment is broken: nobody else does, and somebody else can revert.

Comes in: the drill's desk. Goes out: what was found, or NotReady. On loopback this host is alone: its
own store's lease is enough, and a host that goes takes the target with it.
Does not: take the lease of this drill's own store; `preflight` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gameday.conduct.drill.context import Desk
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


def outside(desk: Desk) -> bool:
    """Tell whether the environment reaches beyond this machine."""
    return reaches_out(desk.rules, desk.base_url)


def reaches_out(rules: Policy, base_url: str) -> bool:
    """Tell whether an environment reaches beyond this machine: its address, a cluster, an account."""
    if rules.kubernetes is not None or rules.aws is not None:
        return True
    if not base_url:
        return False
    try:
        return not addresses.is_loopback(addresses.parse(base_url).host)
    except ValueError:
        return True


async def kept_between_stores(desk: Desk) -> str:
    """Refuse where a drill of another store could break the same environment at once."""
    if not outside(desk):
        return "on loopback this store's lease is enough"
    if desk.shared_store:
        return "the store is shared"
    why = "its store is this host's own, and the environment keeps no lease"
    if desk.target_lease is not None:
        try:
            await take_in_target(desk)
        except Busy:
            raise
        except NotReady as error:
            why = error.message
        else:
            return "the environment itself keeps the lease"
    if desk.accept_no_lease:
        return f"accepted: {why}"
    raise NotReady(
        f"a drill from another host could start here, too: {why}",
        hint="use a shared store (postgresql), or name the environment's kubernetes namespaces; "
        "--accept-no-lease says that you see to it",
    )


async def take_in_target(desk: Desk) -> None:
    """Take or renew the lease that the environment keeps. Raises Busy, or NotReady when it can't be kept."""
    if desk.target_lease is None:
        return
    now = desk.clock.now()
    other = await desk.target_lease.take(desk.lease(now, LEASE))
    if other is not None:
        raise Busy(held(other, now), hint="it was started from another store; ask its holder")


def held(lease: Lease, now: float) -> str:
    """Say who holds an environment, since when and until when."""
    since, left = format_duration(now - lease.since), format_duration(max(0.0, lease.until - now))
    return (
        f"environment {lease.environment} is held by drill {lease.drill} ({lease.holder}) "
        f"since {since}, for at most {left} more"
    )


async def keep_leases(desk: Desk, abort: Callable[[str, str], None]) -> None:
    """Renew the environment's leases; abort when one is another's, or can't be kept much longer."""
    while not _leased(desk):
        await desk.clock.sleep(LOOK)
    renewed, why = desk.clock.now(), ""
    while not why and not desk.board.abort_asked():
        await desk.clock.sleep(RENEW)
        try:
            await _renew(desk)
            renewed = desk.clock.now()
        except Busy as lost:
            why = lost.message
        except (NotReady, StoreUnavailable) as error:
            why = error.message if desk.clock.now() - renewed > LEASE - RENEW else ""
    if why:
        abort("lease-lost", why)


def _leased(desk: Desk) -> bool:
    checks = desk.board.each(ev.PreflightChecked)
    return any(checked.fact.check == KEPT and checked.fact.passed for checked in checks)


async def _renew(desk: Desk) -> None:
    """Renew both leases; a store that is locked keeps nobody waiting.

    Raises Busy for another's, NotReady where the target can't keep its own now, StoreUnavailable.
    """
    now = desk.clock.now()
    other = await asyncio.to_thread(desk.store.take_lease, desk.lease(now, LEASE))
    if other is not None:
        raise Busy(held(other, now))
    if not desk.accept_no_lease:
        await take_in_target(desk)


async def second_reverter(desk: Desk) -> str:
    """Refuse a held fault that nobody could revert if this host went."""
    if not outside(desk) or not dry_run.longest_hold(desk.scenario):
        return "none is needed"
    others = [host for host in desk.store.standing_by() if host != desk.conductor.host]
    if others:
        return f"{', '.join(others)} reverts if this host can't"
    if desk.accept_local_keeper:
        return "accepted: only this host can revert"
    raise NotReady(
        "if this host went, nobody would revert the fault",
        hint="run gameday serve on another host with the same store; "
        "--accept-local-keeper says that you see to it",
    )
