"""Whoever may still inject or revert is killed, and is seen to be gone.

Comes in: a drill's history, which names its processes. Goes out: how many were ended.
Does not: touch a process of another host, or one whose pid was reused.

An orphaned Chaos Toolkit injects its next fault seconds after somebody else has reverted: that is why
this comes before the first rollback.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gameday.conduct.revert.context import Machine, RevertContext
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.values import DrillId
from gameday.system.processes import Identity

FENCED = ("conductor", "keeper", "chaoslib", "standby")
"""Roles that may inject or revert, in the order in which they are killed."""
FAULT_MARKER = "GAMEDAY_FAULT"
"""The environment variable that names the fault in the Chaos Toolkit process and all that it starts."""


async def fence(
    told: history.History, context: RevertContext, *, spare: Iterable[Identity] = (), conductor: bool
) -> int:
    """Kill every recorded process of this host that may inject or revert; give how many there were."""
    count = 0
    for role, who in living(told, context.machine, FENCED):
        if who in spare or (role == "conductor" and not conductor):
            continue
        await context.machine.end(
            who, group=role != "conductor"
        )  # a conductor's group may be a shell's pipeline
        count += 1
    for fault in {requested.fact.fault for requested in told.each(ev.FaultRequested)}:
        count += await context.machine.sweep(
            fault_mark(context.drill, fault), variable=FAULT_MARKER, spare=spare
        )
    return count


def recorded(told: history.History, host: str) -> list[tuple[str, Identity]]:
    """List the recorded processes of a host, living or not, with their roles."""
    here = [dated.fact for dated in told.each(ev.ProcessStarted) if dated.fact.host == host]
    named = [(p.role, Identity(pid=p.pid, started_ticks=p.started_ticks, boot=p.boot)) for p in here]
    return list(dict.fromkeys(named))


def living(told: history.History, machine: Machine, roles: Sequence[str]) -> list[tuple[str, Identity]]:
    """List the recorded processes of these roles that live on this host, in the order of the roles."""
    alive = [
        (role, who) for role, who in recorded(told, machine.host) if role in roles and machine.alive(who)
    ]
    return sorted(alive, key=lambda pair: roles.index(pair[0]))


def fault_mark(drill: DrillId, fault: str) -> str:
    """Give the value of FAULT_MARKER for one fault of one drill."""
    return f"{drill}/{fault}"
