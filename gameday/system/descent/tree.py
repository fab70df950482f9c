"""Finds what descends from a process, and ends it for certain.

Descent holds where a process leaves its group, its session and its environment: a child whose parent dies
goes to the nearest subreaper above it, and stays below that one.

Source: proc(5) for /proc/PID/stat and /proc/PID/task/TID/children, prctl(2) for PR_SET_CHILD_SUBREAPER.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gameday.core.values import Instant, Seconds
from gameday.system import clock, processes
from gameday.system.process_identity import Identity, boot_id, read_stat

END_LIMIT: Seconds = 5.0
"""Seconds within which everything below a process must be gone, however fast it forks."""
LONGEST_COMMAND = 120
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, kw_only=True, slots=True)
class Descendant:
    """A process below another one, with its command line. activity: the one that started it, if known.

    left  it, or what it has started since, could not be ended for certain
    """

    who: Identity
    command: str = ""
    activity: str = ""
    left: bool = False


def nobody(_who: Identity) -> bool:
    """Spare no process."""
    return False


def become_subreaper(*, on: bool = True) -> None:
    """Adopt orphaned descendants instead of init, so that we can see and end them; `on=False` ends that."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def ticks_now() -> int:
    """Give the present in the unit of `Identity.started_ticks`: ticks since the machine's boot."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def tick_of(at: Instant) -> int:
    """Give the tick of an instant."""
    return ticks_now() - round((clock.now() - at) * os.sysconf("SC_CLK_TCK"))


def next_tick() -> int:
    """Wait for the next tick, and give the last one: what is born from now on has started after it."""
    last = ticks_now()
    while ticks_now() <= last:
        time.sleep(0.001)
    return last


def command_of(pid: int) -> str:
    """Give a process's command line, for people; empty when it is gone."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return words.replace(b"\0", b" ").decode(errors="replace").strip()[:LONGEST_COMMAND]


def children(pid: int) -> list[int]:
    """List a process's children, zombies among them."""
    return list(_children_in(pid, _tree()))


def below(root: int, prune: Callable[[Identity], bool] = nobody) -> dict[Identity, int]:
    """List the living processes that descend from a process, each with its parent's pid, parents first.

    prune: whose branches are left out.
    """
    boot, tree = boot_id(), _tree()
    found: dict[Identity, int] = {}
    rest = [(pid, root) for pid in _children_in(root, tree)]
    while rest:
        pid, parent = rest.pop()
        stat = read_stat(pid)
        if stat is None or stat[0] in "ZX":
            continue
        who = Identity(pid=pid, started_ticks=stat[2], boot=boot)
        if not prune(who):
            found[who] = parent
            rest += [(child, pid) for child in _children_in(pid, tree)]
    return found


def _tree() -> dict[int, list[int]] | None:
    """Give the children of every process by one pass over /proc; None where the kernel lists them itself."""
    if Path("/proc/self/task", str(os.getpid()), "children").exists():
        return None
    tree: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            tree.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    return tree


def _children_in(pid: int, tree: dict[int, list[int]] | None) -> Iterator[int]:
    if tree is not None:
        yield from tree.get(pid, ())
        return
    try:
        # A child belongs to the thread that forked it.
        for task in Path(f"/proc/{pid}/task").iterdir():
            yield from map(int, (task / "children").read_text(encoding="ascii").split())
    except OSError:  # it, or a thread of it, ended meanwhile; its children are somebody else's now
        return


def in_session(leader: int) -> list[Identity]:
    """List the living processes whose group or session a process leads, itself not among them."""
    boot, found = boot_id(), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != leader:
            try:
                text = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            fields = text.rpartition(")")[2].split()
            if str(leader) in fields[2:4] and fields[0] not in "ZX":
                found.append(Identity(pid=int(entry.name), started_ticks=int(fields[19]), boot=boot))
    return found


def end_below(
    root: int,
    spare: Callable[[Identity], bool] = nobody,
    within: Seconds = END_LIMIT,
    *,
    reap: Callable[[], None] | None = None,
) -> list[Descendant]:
    """SIGKILL everything that descends from a process; give what was ended.

    spare: whose whole branches are left alone. reap: called before each look, so that no heap of zombies
    slows it down.
    """

    def look() -> Iterable[Identity]:
        if reap is not None:
            reap()
        return below(root, spare)

    return end_all(look, within, traces=lambda: children(root))


def end_with_descendants(
    who: Identity, spare: Callable[[Identity], bool] | None = None, within: Seconds = END_LIMIT
) -> list[Descendant]:
    """End a process with all that descends from it, and give what was ended besides it.

    spare: whose whole branches are left alone; without it, the rest of the process's group and session is
    ended, too. Without effect when exactly this process is gone.
    """
    # Stopped first: it must neither fork nor die before its descendants have been found by it.
    if not processes.send(who, signal.SIGSTOP):
        return []
    if spare is None:
        ended = end_all(lambda: [*below(who.pid), *in_session(who.pid)], within)
    else:
        ended = end_below(who.pid, spare, within)
    processes.send(who, signal.SIGKILL)
    processes.wait_gone(who, within)
    return ended


def end_all(
    look: Callable[[], Iterable[Identity]],
    within: Seconds = END_LIMIT,
    *,
    traces: Callable[[], Iterable[int]] = tuple,
) -> list[Descendant]:
    """SIGKILL what `look` finds until it finds nothing, or time is up; give what was ended, or is left.

    traces: pids, living or not, of which a new one shows that something was born since the last look.
    """
    ended: dict[Identity, Descendant] = {}
    # Until two looks find nothing: a process may fork between a look and its end, and a single look may miss
    # one whose parent dies meanwhile.
    empty, end = 0, time.monotonic() + within
    last: list[Identity] = []
    known: set[int] = set()
    while empty < 2 and time.monotonic() < end:
        doomed = [who for who in look() if who.pid != os.getpid()]
        # One that starts the next and ends is gone at every look, and leaves a new pid at each.
        came = set(traces()) - known - {who.pid for who in doomed}
        known |= came
        empty, last = (0, doomed or last) if doomed or came else (empty + 1, last)
        # Before anything else is read of it: stopped, it neither forks nor ends, and has its command line.
        for who in doomed:
            processes.send(who, signal.SIGSTOP)
        for who in doomed:
            ended.setdefault(who, Descendant(who=who, command=command_of(who.pid)))
        kill_all(doomed)
    if empty < 2:
        last = last or [Identity(pid=max(known, default=0), started_ticks=0, boot="")]
        ended |= {who: replace(ended.get(who, Descendant(who=who)), left=True) for who in last}
    return list(ended.values())


def kill_all(doomed: Iterable[Identity]) -> None:
    """SIGKILL processes, and wait until they are gone."""
    doomed = list(doomed)
    # All signals first, then the waits: each wait would leave the others time to fork.
    for who in doomed:
        processes.send(who, signal.SIGKILL)
    for who in doomed:
        processes.wait_gone(who, 1.0)
