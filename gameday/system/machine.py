"""This machine, as reverting needs it: end processes for certain and run commands, off the event loop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gameday.core.facts import drill as ev
from gameday.core.values import Seconds
from gameday.ports import CommandOutcome
from gameday.system import processes, target
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

    def alive(self, who: Identity) -> bool:
        """Report whether exactly this process still runs."""
        return processes.alive(who)

    def stopped(self, who: Identity) -> bool:
        """Check whether exactly this process is stopped, by SIGSTOP or a debugger: alive, but not running."""
        return processes.stopped(who)

    async def end(self, who: Identity, *, group: bool = True) -> bool:
        """SIGKILL exactly this process, with the group that it leads if `group`; tell whether it is gone."""
        if group:
            return await asyncio.to_thread(processes.kill_and_wait, who)
        processes.send(who, signal.SIGKILL)
        return await asyncio.to_thread(processes.wait_gone, who, 5.0)

    async def sweep(
        self, value: str, *, variable: str = processes.MARKER, spare: Iterable[Identity] = ()
    ) -> int:
        """End every process whose environment has `variable=value`, except this one and those in `spare`."""
        return await asyncio.to_thread(processes.sweep, value, spare, variable)

    async def run(self, argv: Sequence[str]) -> CommandOutcome:
        """Run a command to its end, or to its time limit."""
        done = await asyncio.to_thread(
            processes.call, argv, timeout=DOWN_TIMEOUT, cwd=self.cwd, env={"PATH": target.own_path()}
        )
        return CommandOutcome(exit_code=done.exit_code, output=done.output)
