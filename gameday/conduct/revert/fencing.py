"""Fencing: kills every process of a drill on this host that may still inject or revert, until it is gone.

An orphaned Chaos Toolkit injects its next fault seconds after somebody else has reverted; so this comes
before the first rollback. The history names the processes. One whose pid was reused is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gameday.conduct.revert.context import Machine, RevertContext
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.values import FaultId
from gameday.system import known_secrets
from gameday.system.descent import fence as fence_of_method
from gameday.system.descent.tree import Descendant
from gameday.system.processes import Identity

FENCED = ("conductor", "keeper", "chaoslib", "standby")
"""Roles that may inject or revert, in the order in which they are killed."""
WAITED_FOR = ("responder", "locust")
"""Roles of processes that we wait for: what they started ends with them when nobody waits any more."""


async def fence(
    history: History, context: RevertContext, *, spare: Iterable[Identity] = (), conductor: bool
) -> int:
    """Kill every recorded process of this host that may inject or revert; give how many there were."""
    doomed = [
        (role, who)
        for role, who in living(history, context.machine, FENCED)
        if who not in spare and (role != "conductor" or conductor)
    ]
    # By identity alone: what responders and rollbacks left running descends from these, too, and lives.
    for role, who in doomed:
        if role != "chaoslib":
            await context.machine.end(who)
    ours = {who for _, who in recorded(history, context.machine.host)}
    for fault in {requested.fact.fault: None for requested in history.each(ev.FaultRequested)}:
        note_method(fault, await context.machine.end_method(context.drill, fault, ours=ours), context)
    # Who has begun no method has started nothing that lives on; most are gone with their methods.
    for role, who in doomed:
        if role == "chaoslib":
            await context.machine.end(who, descendants=True)
    return len(doomed)


def note_method(fault: FaultId, found: Iterable[Descendant], context: RevertContext) -> None:
    """Record what was ended of a fault's method, and note what could not be ended for certain."""
    found = list(found)
    for one in found:
        context.recorder.record(ended(fault, one))
    left = fence_of_method.left_text(found)
    if left:
        context.unended[fault] = known_secrets.redactor().text(left)
    else:
        context.unended.pop(fault, None)


def ended(fault: FaultId, one: Descendant) -> ev.MethodProcessEnded:
    """Make the fact of a process that a method had left running."""
    return ev.MethodProcessEnded(
        fault=fault,
        pid=one.who.pid,
        command=known_secrets.redactor().text(one.command),
        activity=one.activity,
    )


async def end_ours(history: History, context: RevertContext, *, spare: Iterable[Identity] = ()) -> int:
    """End what is left of our own processes when a drill closes; give how many there were."""
    spared = (*spare, context.machine.me)
    left = [who for _, who in living(history, context.machine, WAITED_FOR) if who not in spared]
    for who in left:
        await context.machine.end(who, descendants=True)
    count = len(left) + await context.machine.sweep(context.drill, spare=spared)
    for requested in history.each(ev.FaultRequested):
        context.machine.forget_method(context.drill, requested.fact.fault)
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
