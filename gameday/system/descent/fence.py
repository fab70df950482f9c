"""Ends all that an experiment's method has started, before the first rollback; whatever comes later lives."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from gameday.system import processes
from gameday.system.descent import cgroup, tree
from gameday.system.descent.orphans import orphans
from gameday.system.descent.record import MethodRecord, SeenProcesses
from gameday.system.descent.tree import Descendant
from gameday.system.process_identity import Identity, alive, identity


def end_method(drill: str, fault: str, *, ours: Collection[Identity] = ()) -> list[Descendant]:
    """End the process that injects a fault, and the method's processes; give those of the method.

    May be repeated, by any process, at any time. ours: recorded processes of the drill, which are ended by
    their identity alone.
    """
    record = MethodRecord(drill, fault)
    child = record.read().child
    if child is not None:
        # Stopped before the record is read for good: it may be about to fence itself, and to roll back.
        processes.send(child, signal.SIGSTOP)
    seen = record.read()
    ended = _end_all(seen, ours)
    if seen.fenced is None and not any(one.left for one in ended):
        record.add(fenced=tree.next_tick())
    if seen.cgroup is not None:
        cgroup.remove(seen.cgroup)
    return [named(one, seen) for one in ended]


def _end_all(seen: SeenProcesses, ours: Collection[Identity]) -> list[Descendant]:
    def spare(who: Identity) -> bool:
        return not seen.is_method(who) or who in ours

    ended = end_cgroup(seen.cgroup) if seen.cgroup is not None and seen.fenced is None else []
    if seen.child is not None:
        ended += tree.end_with_descendants(seen.child, spare)

    def doubtful() -> Iterator[Identity]:
        found = [who for who in seen.seen if not spare(who) and alive(who)]
        # Without a cgroup, a process that was never seen comes to us, the subreaper, when the one that
        # started it and the one that injected are dead.
        if seen.fenced is None and seen.cgroup is None and orphans.doubted:
            found += [who for who in orphans.strangers() if not spare(who)]
        for who in found:
            yield from (who, *tree.below(who.pid, spare))

    def traces() -> set[int]:
        mine = {who.pid for who in tuple(processes.started)}
        return set(tree.children(os.getpid())) - mine if orphans.doubted and seen.fenced is None else set()

    return ended + tree.end_all(doubtful, traces=traces)


def members_of(folder: Path) -> list[Descendant]:
    """Give the living processes in a cgroup, ourselves not among them."""
    found = []
    for pid in cgroup.members(folder):
        try:
            who = identity(pid)
        except ProcessLookupError:
            continue
        if pid != os.getpid() and alive(who):
            found.append(Descendant(who=who, command=tree.command_of(pid)))
    return found


def end_cgroup(folder: Path) -> list[Descendant]:
    """End every process in a cgroup; give them."""
    found = members_of(folder)
    cgroup.kill(folder)
    return found


def named(one: Descendant, seen: SeenProcesses) -> Descendant:
    """Give it with the activity that started it, where that was seen."""
    known = seen.seen.get(one.who, one)
    return replace(one, command=one.command or known.command, activity=known.activity)


def left_text(ended: Iterable[Descendant]) -> str:
    """Say what could not be ended for certain; empty where all is gone."""
    left = [one for one in ended if one.left]
    if not left:
        return ""
    named = ", ".join(f"pid {one.who.pid}" + (f" `{one.command}`" if one.command else "") for one in left)
    return f"what its method started goes on, and could not be ended for certain: last seen as {named}"
