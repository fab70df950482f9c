"""The orphans that this process adopts as a subreaper: which of them live on, and the end of their zombies.

What rollbacks and responders leave running comes here when its parent has ended, and is the environment's.
So does what a method left, when the process that injected dies. The two are told apart by when they come:
while every process that injects is alive, an orphan is none of a method's, whose processes stay below it.
"""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass, field

from gameday.core.values import Seconds
from gameday.system import processes
from gameday.system.descent import tree
from gameday.system.process_identity import Identity, alive, identity, read_stat

LOOK_INTERVAL: Seconds = 0.1


@dataclass(slots=True)
class Orphans:
    """What one process has adopted.

    doubted  processes at whose death a method's orphans may come
    kept     orphans that are the environment's
    """

    doubted: set[Identity] = field(default_factory=set)
    kept: set[Identity] = field(default_factory=set)
    _zombies: set[int] = field(default_factory=set)
    _watching: bool = False

    def watch_in_thread(self) -> None:
        """Become a subreaper, and look every LOOK_INTERVAL until this process ends."""
        if self._watching:
            return
        self._watching = True
        tree.become_subreaper()

        def watch() -> None:
            pause = threading.Event()
            while not pause.wait(LOOK_INTERVAL):
                self.look()

        threading.Thread(target=watch, daemon=True).start()

    def look(self) -> set[Identity]:
        """Reap adopted zombies, and keep whoever came while all doubted processes live; give those."""
        self._reap()
        came = set(self.strangers())
        # Asked after the list: whatever it holds came before the first of them died.
        if not all(map(alive, tuple(self.doubted))):
            return set()
        self.kept |= came
        return came

    def strangers(self) -> list[Identity]:
        """List the living children of this process that it has neither started nor kept."""
        found = []
        for pid in tree.children(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                who = identity(pid)
                if who not in processes.started and who not in self.kept and alive(who):
                    found.append(who)
        return found

    def settle(self, who: Identity) -> None:
        """End the doubt about what came with a process's death: what is left is the environment's."""
        self.kept |= set(self.strangers())
        self.doubted.discard(who)

    def _reap(self) -> None:
        """Wait for adopted zombies: who waits for a daemon's end with `kill -0` would wait forever."""
        mine = {who.pid for who in tuple(processes.started)}
        zombies = {pid for pid in tree.children(os.getpid()) if (read_stat(pid) or "X")[0] == "Z"} - mine
        # At the second look only: a library of this process may be about to wait for a child of its own.
        for pid in zombies & self._zombies:
            with contextlib.suppress(OSError):
                os.waitpid(pid, os.WNOHANG)
        self._zombies = zombies


orphans = Orphans()
"""This process's own."""
