"""The right to revert a fault: one process has it in the store, so that two hosts don't play at once.

The keeper has the right from the injection on, and renews it. That of a dead process on this host is given
back in its name; a dead host's expires.
"""

from __future__ import annotations

from gameday.conduct import store_reads
from gameday.conduct.revert import fencing
from gameday.conduct.revert.context import RevertContext, holder
from gameday.core.errors import StoreUnavailable
from gameday.core.values import Instant, Seconds

CLAIM_TIME: Seconds = 30.0
"""How long the right is valid. The keeper renews it; that of a dead host is free after this time."""
RENEW_INTERVAL: Seconds = 10.0
"""How often it is renewed while the fault is held or being reverted."""
REVERTERS = ("command", "worker")
"""Roles that only revert: they hold a claim, and are not killed for it."""
_ROLES = (*fencing.FENCED, *REVERTERS)


async def claim(fault: str, context: RevertContext) -> bool:
    """Win or renew the right to revert a fault."""

    def ask() -> bool:
        return _claim(fault, context) or (_give_back_the_dead(fault, context) and _claim(fault, context))

    try:
        return await store_reads.in_store_thread(ask, store_reads.STORE_PATIENCE)
    except (StoreUnavailable, TimeoutError, LookupError):
        return True  # two rollbacks at once are better than none: without the store nobody can be asked


def _claim(fault: str, context: RevertContext) -> bool:
    until = Instant(context.clock.now() + CLAIM_TIME)
    return context.store.claim(context.drill, right(fault), context.holder, until=until)


def _give_back_the_dead(fault: str, context: RevertContext) -> bool:
    """Give back the right of every process of this host that is gone, in its name; True if there was one."""
    machine, now = context.machine, context.clock.now()
    history = store_reads.read(context.store, context.drill)
    # Whole identities, not pids: a pid may have been used again since.
    alive = {who for _, who in fencing.living(history, machine, _ROLES)}
    dead = [
        who for role, who in fencing.recorded(history, machine.host) if role in _ROLES and who not in alive
    ]
    given = [
        context.store.claim(context.drill, right(fault), holder(machine.host, who.pid), until=now)
        for who in dead
        # Our own right is not one to give back.
        if who.pid != machine.me.pid
    ]
    return any(given)


def right(fault: str) -> str:
    """Name the right to revert a fault."""
    return f"revert:{fault}"


async def renew(fault: str, context: RevertContext) -> None:
    """Renew the right to revert a fault until cancelled."""
    while True:
        await claim(fault, context)
        await context.clock.sleep(RENEW_INTERVAL)
