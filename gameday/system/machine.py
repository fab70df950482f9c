"""This machine, as reverting needs it: end processes for certain and run commands, off the event loop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, FaultId, Seconds
from gameday.ports import CommandOutcome
from gameday.system import commands, processes, target
from gameday.system.descent import cgroup, fence, tree
from gameday.system.descent.record import MethodRecord
from gameday.system.descent.tree import Descendant
from gameday.system.processes import Identity

DOWN_TIMEOUT: Seconds = 120.0


def started(role: str, who: Identity, host: str = "") -> ev.ProcessStarted:
    """Make the fact that identifies a process of a drill; it is stored before the process is used."""
    return ev.ProcessStarted(
        role=role,
        pid=who.pid,
        started_ticks=who.started_ticks,
        boot=who.boot,
        host=host or processes.hostname(),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ThisMachine:
    """`ports.Machine` of this host. Commands run in `cwd`."""

    cwd: Path = field(default_factory=Path.cwd)
    host: str = field(default_factory=processes.hostname)
    me: Identity = field(default_factory=processes.me)

    @property
    def has_folder(self) -> bool:
        """Whether there is a folder for commands to run in."""
        return self.cwd.is_dir()

    def alive(self, who: Identity) -> bool:
        """Report whether exactly this process still runs."""
        return processes.alive(who)

    def stopped(self, who: Identity) -> bool:
        """Check whether exactly this process is stopped, by SIGSTOP or a debugger: alive, but not running."""
        return processes.stopped(who)

    async def end(self, who: Identity, *, descendants: bool = False) -> bool:
        """SIGKILL exactly this process, and its `descendants` if asked; report whether it is gone."""
        if descendants:
            await asyncio.to_thread(tree.end_with_descendants, who)
        processes.send(who, signal.SIGKILL)
        return await asyncio.to_thread(processes.wait_gone, who, 5.0)

    async def end_method(
        self, drill: DrillId, fault: FaultId, *, ours: Collection[Identity] = ()
    ) -> list[Descendant]:
        """End the process that injects a fault and all that its method has started; give the latter."""
        return await asyncio.to_thread(fence.end_method, drill, fault, ours=ours)

    def forget_method(self, drill: DrillId, fault: FaultId) -> None:
        """Remove the record of a fault that is undone."""
        record = MethodRecord(drill, fault)
        folder = record.read().cgroup
        if folder is not None:  # who made it may have died before it was empty
            cgroup.remove(folder)
        record.remove()

    async def sweep(self, drill: DrillId, *, spare: Iterable[Identity] = ()) -> int:
        """End our own processes of a drill, which carry its marker, except this one and those in `spare`."""
        return await asyncio.to_thread(processes.sweep, drill, spare)

    async def run(self, argv: Sequence[str]) -> CommandOutcome:
        """Run a command to its end, or to its time limit."""
        done = await asyncio.to_thread(
            commands.call, argv, timeout=DOWN_TIMEOUT, cwd=self.cwd, env={"PATH": target.own_path()}
        )
        return CommandOutcome(exit_code=done.exit_code, output=done.output)
