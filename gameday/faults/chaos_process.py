"""Run a Chaos Toolkit process: send it commands, receive its messages, see its death.

A process that has been stopped (SIGSTOP, a frozen container) for STOPPED_LIMIT seconds is killed: it would
neither inject nor roll back, and its pipes stay open.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Self

from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, Seconds
from gameday.faults import child_protocol
from gameday.system import processes
from gameday.system.descent import fence, tree
from gameday.system.descent.record import MethodRecord, SeenProcesses
from gameday.system.descent.tree import Descendant
from gameday.system.processes import Identity

# -P: the working folder is the experiment's, and must not hide our modules; the child appends it.
# -X utf8: Chaos Toolkit opens files in the locale's encoding; the same bytes must mean the same everywhere.
ARGV: Sequence[str] = (sys.executable, "-P", "-X", "utf8", "-m", "gameday.faults.child")
LONGEST_LINE = 16 * 1024 * 1024
DRAIN_TIMEOUT: Seconds = 0.1
"""How long to read on after its death: a grandchild may hold the pipe open, so that no end of file comes."""
# chaosk8s alone takes 2 s to import, and several times that on a busy machine.
START_LIMIT: Seconds = 30.0
STOPPED_LIMIT: Seconds = 2.0
"""Seconds for which it may be stopped, such as by a debugger that attaches."""
POLL_INTERVAL: Seconds = 0.25


class ChaosProcess:
    """One child process; made by `start`."""

    def __init__(
        self, child: processes.Child, reader: asyncio.StreamReader, method: MethodRecord | None
    ) -> None:
        self._child = child
        self._method = method
        self._rolled = False
        self.left_running: list[Descendant] = []
        """What it had started, and was ended with it."""
        self._open: dict[str, int] = {}
        """The activities that have not ended, with the tick at which each began."""
        self._reader = reader
        self._gone = asyncio.Event()
        # A pidfd reports the death itself. End of file does not: it comes late where a grandchild holds the
        # pipe, and a pid alone may belong to another process by then.
        self._pidfd = os.pidfd_open(child.pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._reap)
        self._stop_watch = asyncio.ensure_future(self._kill_if_stopped())

    @classmethod
    async def start(
        cls,
        drill: DrillId | str,
        *,
        cwd: str = "",
        method: MethodRecord | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Self:
        """Start a child with the drill's marker in its environment. Raises OSError when it can't be started.

        method: what is recorded of the method that it may run. env: what its environment has besides.
        """
        child = processes.start(
            ARGV, drill=drill, env=env, cwd=cwd or None, stdin=True, stdout=processes.PIPE
        )
        reader = asyncio.StreamReader(limit=LONGEST_LINE)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), child.stdout
        )
        return cls(child, reader, method)

    @property
    def identity(self) -> Identity:
        """The process, by pid, start time and boot: pids are reused."""
        return self._child.identity

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        return self._gone.is_set()

    async def ended(self) -> bool:
        """Check whether it has ended; at the end of its output this is known only a little later."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), DRAIN_TIMEOUT)
        return self.gone

    async def send(self, word: str, **data: Any) -> None:
        """Give it a command; without effect when it is gone."""
        line = child_protocol.encode("do", word, data)

        def write() -> None:
            try:
                self._child.stdin.write(line)
                self._child.stdin.flush()
            except (BrokenPipeError, ValueError):  # it died: `receive` will return None
                return

        # In a thread: a stopped child does not empty its pipe, and a full pipe would block the event loop.
        await asyncio.to_thread(write)

    async def receive(self, within: Seconds | None = None) -> child_protocol.Message | None:
        """Wait for its next message; None when there will be no more. Raises TimeoutError.

        A line that can't be decoded is a note `unreadable`.
        """
        async with asyncio.timeout(within):
            line = await self._next_line()
        # The child's death cut this line off, or there is none.
        if not line.endswith(b"\n"):
            return None
        try:
            message = child_protocol.decode(line)
        except (ValueError, KeyError, TypeError) as error:
            return child_protocol.Note(word="unreadable", data={"error": str(error)})
        self._note(message)
        return message

    async def _next_line(self) -> bytes:
        reading = asyncio.ensure_future(self._reader.readline())
        ending = asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait({reading, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                await asyncio.wait({reading}, timeout=DRAIN_TIMEOUT)
            return reading.result() if reading.done() else b""
        finally:
            reading.cancel()
            ending.cancel()

    async def _kill_if_stopped(self) -> None:
        """Kill it once it has been stopped for too long."""
        # Polls are counted, not seconds: if we were stopped, too, it has had no time to go on.
        polls = 0
        while polls * POLL_INTERVAL < STOPPED_LIMIT:
            await asyncio.sleep(POLL_INTERVAL)
            polls = polls + 1 if processes.stopped(self._child.identity) else 0
        await self.kill()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; without effect when it is gone."""
        self._child.send(number)

    def _note(self, message: child_protocol.Message) -> None:
        match message:
            case child_protocol.ReportedFact(fact=ev.ActivityStarted(activity=name, stage=stage), at=at):
                self._open[name] = tree.tick_of(at)
                self._rolled = self._rolled or stage == "rollback"
            case child_protocol.ReportedFact(fact=ev.ActivityFinished(activity=name)):
                self._open.pop(name, None)
            case _:
                pass

    def _kill(self) -> None:
        # Stopped before its record is read: it may be about to end its method, and to roll back.
        processes.send(self._child.identity, signal.SIGSTOP)
        seen = self._method.read() if self._method is not None else SeenProcesses()
        if self._method is None and self._rolled:
            seen.fenced = 0  # it has only rolled back
        # What has neither injected nor rolled back leaves nothing that lives on, in its session either.
        plays = self._method is not None or self._rolled
        spare = (lambda who: self._lives_on(who, seen)) if plays else None
        ended = tree.end_with_descendants(self._child.identity, spare)
        self.left_running += [fence.named(one, seen) for one in ended]

    def _lives_on(self, who: Identity, seen: SeenProcesses) -> bool:
        """Report whether a process was started by a rollback that has ended, and so is the environment's."""
        cut_off = any(who.started_ticks >= begun for begun in self._open.values())
        return not cut_off and not seen.is_method(who)

    async def kill(self) -> None:
        """SIGKILL it with what it has started, but for what lives on, and wait until it is gone."""
        if not self.gone:
            await asyncio.to_thread(self._kill)
            # Until the event loop has reaped it, it is a zombie.
            await self._gone.wait()

    async def close(self) -> None:
        """Kill it and close its pipes."""
        await self.kill()
        with contextlib.suppress(BrokenPipeError):  # close flushes a command that it never read
            self._child.stdin.close()

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._stop_watch.cancel()
        # It has ended, so that this does not block; it collects the zombie.
        self._child.wait()
        self._gone.set()
