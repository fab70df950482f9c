"""The conductor's side of the fault keeper: start it, send it commands and heartbeats, notice its death.

Heartbeats come from a thread, so that a busy event loop does not look dead; a process that is stopped or
killed stops them all the same. The keeper answers each, so that we notice when the keeper is stopped: its
pipes stay open. Facts do not travel here; the keeper writes its own into the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gameday.core.errors import FaultIndeterminate, NotReady
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, FaultId, Seconds
from gameday.system import clock, processes
from gameday.system.descent.orphans import orphans
from gameday.system.processes import Identity

HEARTBEAT_INTERVAL: Seconds = 0.5
END_POLL_INTERVAL: Seconds = 0.2
"""How often a keeper that is ending is checked for a missing heartbeat."""
MAX_UNANSWERED = 6
"""Heartbeats without an answer (3 s) after which the keeper counts as dead."""
START_LIMIT: Seconds = 30.0
ANSWER_LIMIT: Seconds = 45.0
STOP_LIMIT: Seconds = 300.0
"""The keeper may still be reverting (60 s of tries) and taking an environment down (120 s)."""


class KeeperClient:
    """`ports.FaultKeeper` over a keeper process.

    folder  the drill's own folder
    warm    the request that the standby process prepares for
    key     signs what the keeper stores
    """

    def __init__(
        self,
        *,
        store_url: str,
        drill: DrillId,
        folder: Path,
        cwd: Path,
        warm: ev.FaultRequested | None = None,
        key: str = "",
    ) -> None:
        self._store_url = store_url
        self._drill = drill
        self._folder = folder
        self._cwd = cwd
        self._warm = warm
        self._key = key
        self._child: processes.Child | None = None
        # Commands and heartbeats come from different threads, and their lines must not mix.
        self._lock = threading.Lock()
        self._sent = self._answered = 0
        self._ending = threading.Event()
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @property
    def identity(self) -> Identity | None:
        """The keeper process, by pid, start time and boot; None before it is started."""
        return self._child.identity if self._child else None

    async def start(self) -> None:
        """Start the keeper and its standby process, and wait until both are ready. Raises NotReady."""
        try:
            self._child = processes.start(
                self._argv(), cwd=self._cwd, drill=self._drill, stdin=True, stdout=processes.PIPE
            )
        except OSError as error:
            raise NotReady(f"the fault keeper can't be started: {error}") from error
        # What the keeper and the faults' processes leave when they all die comes to this process.
        orphans.doubted.add(self._child.identity)
        orphans.watch_in_thread()
        loop = asyncio.get_running_loop()
        self._write(
            {"store": self._store_url, "key": self._key}
        )  # not in argv: a URL may hold a password, and titles are public
        threading.Thread(target=self._receive_answers, args=(loop,), daemon=True).start()
        threading.Thread(target=self._send_heartbeats, daemon=True).start()
        self._send("prepare", request=dataclasses.asdict(self._warm) if self._warm else None)
        answer = await self._answer(START_LIMIT, "ready")
        if answer["answer"] != "ready":
            raise NotReady(
                f"the fault keeper is not ready: {answer.get('error', '')}",
                hint="nothing was injected; an overloaded machine is the usual reason where no answer came, "
                "else run gameday doctor to see what is missing",
            )

    def _argv(self) -> Sequence[str]:
        # With pid, start time and boot id, the keeper can end exactly this process once it has taken over.
        me = processes.me()
        return (
            *(sys.executable, "-P", "-m", "gameday.keeper"),
            *("--drill", self._drill, "--folder", str(self._folder)),
            *("--conductor", f"{me.pid}:{me.started_ticks}:{me.boot}"),
        )

    async def inject(self, fault: FaultId) -> None:
        """Let the keeper inject a fault whose request is stored. Raises NotReady, FaultIndeterminate."""
        self._send("inject", fault=fault)
        answer = await self._answer(ANSWER_LIMIT, "injecting")
        if answer["answer"] == "refused":
            raise NotReady(f"the fault keeper refused: {answer['error']}")
        # The command may have arrived all the same: the caller must assume a fault in force.
        if answer["answer"] != "injecting":
            raise FaultIndeterminate("the fault keeper died before it confirmed the injection")

    async def revert(self, fault: FaultId, why: str, *, now: bool) -> None:
        """Release the hold, so that the rollbacks run; `now`: abort instead of waiting for the method."""
        self._send("revert", fault=fault, why=why, now=now)

    async def stop(self) -> bool:
        """Let the keeper revert what is left, sweep, take down what the drill brought up, and end.

        False: it was dead or stopped, and has been killed.
        """
        if self._child is None:
            return False
        self._send("stop")
        end = clock.monotonic() + STOP_LIMIT
        while self.alive() and clock.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                await asyncio.to_thread(self._child.wait, END_POLL_INTERVAL)
        done = self._child.poll() == 0
        await asyncio.to_thread(self._child.kill)
        # Every fault was fenced by now: what came from a keeper that died is none of a method's any more.
        orphans.settle(self._child.identity)
        self._ending.set()
        with self._lock, contextlib.suppress(OSError):  # close flushes what a dead keeper never read
            self._child.stdin.close()
        return done

    def alive(self) -> bool:
        """Check whether the keeper process lives and has answered its last heartbeats."""
        if self._child is None or self._child.poll() is not None:
            return False
        return self._sent - self._answered < MAX_UNANSWERED

    def _send(self, word: str, **data: Any) -> None:
        """Write a command; without effect when the keeper is gone."""
        self._write({"do": word, **data})

    def _write(self, line: dict[str, Any]) -> None:
        if self._child is None:
            return
        with self._lock:
            try:
                self._child.stdin.write(json.dumps(line).encode() + b"\n")
                self._child.stdin.flush()
            except (OSError, ValueError):  # `alive` turns false, and whoever waits gets the answer `gone`
                return

    def _send_heartbeats(self) -> None:
        while (
            not self._ending.wait(HEARTBEAT_INTERVAL)
            and self._child is not None
            and self._child.poll() is None
        ):
            self._sent += 1
            self._send("beat", n=self._sent)

    def _receive_answers(self, loop: asyncio.AbstractEventLoop) -> None:
        """Receive answers, in a thread, until the keeper has ended."""
        assert self._child is not None
        for line in self._child.stdout:
            answer = json.loads(line)
            if answer["answer"] == "beat":
                self._answered = answer["n"]
            else:
                _put(loop, self._answers, answer)
        _put(loop, self._answers, {"answer": "gone"})

    async def _answer(self, within: Seconds, wanted: str) -> dict[str, Any]:
        """Wait for an answer; `gone` when the keeper ended, `silent` when none came in time."""
        try:
            async with asyncio.timeout(within):
                while True:
                    answer = await self._answers.get()
                    # The late answer to an earlier command is passed over.
                    if answer["answer"] in {wanted, "refused", "gone"}:
                        return answer
        except TimeoutError:
            return {"answer": "silent", "error": f"no answer within {within:g} s"}


def _put(
    loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[dict[str, Any]], answer: dict[str, Any]
) -> None:
    try:
        loop.call_soon_threadsafe(queue.put_nowait, answer)
    except RuntimeError:  # the loop ended before the keeper did: nobody waits any more
        return
