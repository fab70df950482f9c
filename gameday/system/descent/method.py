"""Follow what the method starts, and end it before the first rollback.

This process is a subreaper while the method runs: whatever the method starts stays below it, in whatever
session, group or environment. Where a cgroup can be made, the method runs in it. What is born after
`end` is the environment's: neither this process nor anybody else ends it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gameday.core.values import Seconds
from gameday.system import clock, processes
from gameday.system.descent import cgroup, fence, tree
from gameday.system.descent.record import MethodRecord
from gameday.system.descent.tree import Descendant
from gameday.system.process_identity import Identity, read_stat

LOOK_INTERVAL: Seconds = 0.05
SETTLING_TIME: Seconds = 0.25
"""Seconds without a new process after which all that an action leaves running has been born."""
REAP_AFTER = 20
"""Looks after which an adopted zombie is reaped: longer than any caller that waits for a child of its own."""


class MethodProcesses:
    """The processes of one fault's method, followed from `begin` to `end`.

    leaving  names of the actions whose processes live on
    """

    def __init__(self, drill: str, fault: str, leaving: Collection[str] = ()) -> None:
        self._record = MethodRecord(drill, fault)
        self._cgroup_name = f"gameday-{drill}-{fault}"
        self._leaving = frozenset(leaving)
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._cgroup: Path | None = None
        self._known: dict[Identity, str] = {}
        """Each process that was seen, with the activity that started it."""
        self._before: set[Identity] = set()
        self._lives: set[Identity] = set()
        self._open: dict[str, bool] = {}
        """The activities that have not ended; True for one that starts a single process, its provider's."""
        self._zombies: dict[int, int] = {}
        self._begun = False

    # --- from the beginning of the method ---

    def begin(self) -> None:
        """Follow from now on. What lives already, such as a control's helper, is no part of the method."""
        self._begun = True
        tree.become_subreaper()
        self._record.add(child=processes.me())
        # Before the cgroup is entered. A control's helper may serve the rollbacks; it ends after them.
        self._look()
        self._before = set(self._known)
        folder = cgroup.make(self._cgroup_name)
        if folder is not None and cgroup.enter(folder):
            self._cgroup = folder
            self._record.add(cgroup=folder)
        threading.Thread(target=self._watch, daemon=True).start()

    def started(self, activity: Mapping[str, Any]) -> None:
        """Note that an activity of the method starts."""
        with self._lock:
            self._look()
            name, provider = str(activity.get("name", "")), activity.get("provider") or {}
            self._open[name] = provider.get("type") == "process"
            if name in self._leaving:
                # What lives on must not carry what our own processes are ended by.
                os.environ.pop(processes.MARKER, None)

    def completed(self, name: str) -> None:
        """Note that an activity has ended; let its processes live on if it says so."""
        with self._lock:
            self._look()
            if name in self._leaving:
                self._let_live(name)
            self._open.pop(name, None)

    def _let_live(self, name: str) -> None:
        # A daemon may be born after the command that starts it has ended; and what a process forked before it
        # had left the cgroup is in there still. So for as long as something new may come.
        end = clock.monotonic() + SETTLING_TIME
        while clock.monotonic() < end:
            for who in {who for who, by in self._known.items() if by == name} - self._lives:
                self._lives.add(who)
                self._record.add(lives=who)
                if self._cgroup is not None:
                    cgroup.leave(self._cgroup, who.pid)
                end = clock.monotonic() + SETTLING_TIME
            clock.sleep(SETTLING_TIME / 25)
            self._look()

    # --- before the first rollback ---

    def end(self) -> list[Descendant]:
        """End all that the method has started, and give it; what is born from now on lives."""
        os.environ.pop(processes.MARKER, None)
        if not self._begun:
            return []
        self._ending.set()
        with self._lock:
            self._look()
            ended = self._end_cgroup() + tree.end_below(
                os.getpid(), (self._lives | self._before).__contains__, reap=_reap_all
            )
        _reap_all()
        if not any(one.left for one in ended):  # else it stays below us, where whoever comes next finds it
            # From now on an orphan is the environment's, and goes where it would go without us.
            tree.become_subreaper(on=False)
            self._record.add(fenced=tree.next_tick())
        unique = {one.who: one for one in ended}
        return [replace(one, activity=self._known.get(who, "")) for who, one in unique.items()]

    def resume(self) -> None:
        """Take up what an earlier program in this process has recorded; `end` comes next."""
        seen, self._begun = self._record.read(), True
        self._cgroup, self._lives = seen.cgroup, seen.lives
        self._known = {who: one.activity for who, one in seen.seen.items()}

    def _end_cgroup(self) -> list[Descendant]:
        folder = self._cgroup
        if folder is None:
            return []
        ended = fence.members_of(folder)
        # Before we leave: that takes the kernel some 10 ms, in which they die.
        for one in ended:
            processes.send(one.who, signal.SIGKILL)
        if cgroup.leave(folder):
            ended += fence.end_cgroup(folder)
            cgroup.remove(folder)
        return ended

    # --- looking ---

    def _watch(self) -> None:
        while not self._ending.wait(LOOK_INTERVAL):
            with self._lock:
                if not self._ending.is_set():
                    self._look()
                    self._reap()

    def _look(self) -> None:
        """Record what has been born since the last look."""
        by_pid = {who.pid: by for who, by in self._known.items()}
        for who, parent in tree.below(os.getpid()).items():
            if who not in self._known:
                # A child of what was seen belongs where its parent does.
                by = self._known[who] = by_pid.get(parent, "") if parent != os.getpid() else self._starter()
                by_pid[who.pid] = by
                self._record.add(seen=who, command=tree.command_of(who.pid), activity=by)

    def _starter(self) -> str:
        """Name the activity that has just started a process; empty where it may be one of several."""
        # A process provider starts one process, at once: what comes later is not its.
        done = {by for by in self._known.values() if self._open.get(by)}
        starters = [name for name in self._open if name not in done]
        if len(starters) == 1:
            return starters[0]
        return next(iter(self._open)) if len(self._open) == 1 else ""

    def _reap(self) -> None:
        """Reap adopted zombies: who waits for a daemon's end with `kill -0` would wait forever."""
        zombies = _zombies()
        self._zombies = {pid: self._zombies.get(pid, 0) + 1 for pid in zombies}
        old = {pid for pid, looks in self._zombies.items() if looks > REAP_AFTER}
        if not old:
            return
        # A command that an activity has started, and has yet to wait for, must keep its exit code.
        waited_for = {each.pid for each in gc.get_objects() if isinstance(each, subprocess.Popen)}
        for pid in old - waited_for:
            _wait(pid)
        # Looking for those who wait is dear: not again for a while.
        self._zombies |= dict.fromkeys(old & waited_for, -REAP_AFTER * 10)


def _zombies() -> list[int]:
    return [pid for pid in tree.children(os.getpid()) if (read_stat(pid) or "X")[0] == "Z"]


def _reap_all() -> None:
    for pid in _zombies():
        _wait(pid)


def _wait(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.waitpid(pid, os.WNOHANG)
