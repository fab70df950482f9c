"""Fencing: kills every process of a drill on this host that may still inject or revert, until it is gone.

An orphaned Chaos Toolkit injects its next fault seconds after somebody else has reverted; so this comes
before the first rollback. The history names the processes. One whose pid was reused is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gameday.conduct.revert.context import Machine, RevertContext
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.values import DrillId
from gameday.system.processes import Identity

FENCED = ("conductor", "keeper", "chaoslib", "standby")
"""Roles that may inject or revert, in the order in which they are killed."""
FAULT_MARKER = "GAMEDAY_FAULT"
"""The environment variable that names the fault in the Chaos Toolkit process and all that it starts."""


async def fence(
    history: History, context: RevertContext, *, spare: Iterable[Identity] = (), conductor: bool
) -> int:
    """Kill every recorded process of this host that may inject or revert; give how many there were."""
    count = 0
    for role, who in living(history, context.machine, FENCED):
        if who in spare or (role == "conductor" and not conductor):
            continue
        # Not the conductor's whole group: in a shell's pipeline that is the user's other commands, too.
        await context.machine.end(who, group=role != "conductor")
        count += 1
    # Then what Chaos Toolkit itself started: no history names it, but its environment has the fault's marker.
    for fault in {requested.fact.fault for requested in history.each(ev.FaultRequested)}:
        count += await context.machine.sweep(
            fault_marker(context.drill, fault), variable=FAULT_MARKER, spare=spare
        )
    return count


def recorded(history: History, host: str) -> list[tuple[str, Identity]]:
    """List the recorded processes of a host, living or not, with their roles."""
    processes = [dated.fact for dated in history.each(ev.ProcessStarted) if dated.fact.host == host]
    named = [(p.role, Identity(pid=p.pid, started_ticks=p.started_ticks, boot=p.boot)) for p in processes]
    # Recorded more than once, it is still one process.
    return list(dict.fromkeys(named))


def living(history: History, machine: Machine, roles: Sequence[str]) -> list[tuple[str, Identity]]:
    """List the recorded processes of these roles that live on this host, in the order of the roles."""
    alive = [
        (role, who) for role, who in recorded(history, machine.host) if role in roles and machine.alive(who)
    ]
    # Parents first: conductor and keeper start the others.
    return sorted(alive, key=lambda pair: roles.index(pair[0]))


def fault_marker(drill: DrillId, fault: str) -> str:
    """Give the value of FAULT_MARKER for one fault of one drill."""
    return f"{drill}/{fault}"
