"""The conductor's side of the fault keeper.

Comes in: what to inject and to revert. Goes out: commands and heartbeats down the keeper's pipe.
Does not: carry facts; the keeper writes its own into the store.

Heartbeats come from a thread, so that a busy event loop does not look dead; a stopped or killed
process stops them all the same. The keeper answers each, so that we notice when it is stopped.
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
from gameday.system.processes import Identity

BEAT: Seconds = 0.5
ENDING: Seconds = 0.2
"""How often, while the keeper ends, it is asked whether it still answers."""
UNANSWERED = 6
"""Heartbeats without an answer after which the keeper counts as dead."""
START_LIMIT: Seconds = 30.0
ANSWER_LIMIT: Seconds = 45.0
STOP_LIMIT: Seconds = 300.0
"""The keeper may still be reverting (60 s of tries) and taking an environment down (120 s)."""


class KeeperClient:
    """`ports.FaultKeeper` over a keeper process.

    folder  the drill's own folder; warm: the request that the standby process prepares for
    """

    def __init__(
        self,
        *,
        store_url: str,
        drill: DrillId,
        folder: Path,
        cwd: Path,
        warm: ev.FaultRequested | None = None,
    ) -> None:
        self._store_url = store_url
        self._drill = drill
        self._folder = folder
        self._cwd = cwd
        self._warm = warm
        self._child: processes.Child | None = None
        self._lock = threading.Lock()
        self._sent = self._answered = 0
        self._ending = threading.Event()
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @property
    def identity(self) -> Identity | None:
        """The keeper process, named for ever; None before it is started."""
        return self._child.identity if self._child else None

    async def start(self) -> None:
        """Start the keeper with its warm standby, and wait until both are ready. Raises NotReady."""
        try:
            self._child = processes.start(
                self._argv(), cwd=self._cwd, drill=self._drill, stdin=True, stdout=processes.PIPE
            )
        except OSError as error:
            raise NotReady(f"the fault keeper can't be started: {error}") from error
        loop = asyncio.get_running_loop()
        self._write({"store": self._store_url})
        threading.Thread(target=self._hear, args=(loop,), daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()
        self._send("prepare", request=dataclasses.asdict(self._warm) if self._warm else None)
        answer = await self._answer(START_LIMIT, "ready")
        if answer["say"] != "ready":
            raise NotReady(
                f"the fault keeper is not ready: {answer.get('error', '')}",
                hint="nothing was injected; gameday doctor tells what is missing",
            )

    def _argv(self) -> Sequence[str]:
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
        if answer["say"] == "refused":
            raise NotReady(f"the fault keeper refused: {answer['error']}")
        if answer["say"] != "injecting":
            raise FaultIndeterminate("the fault keeper died before it said that it injects")

    async def revert(self, fault: FaultId, why: str, *, now: bool) -> None:
        """Release the hold so that the rollbacks run; `now`: fence and play the ledger."""
        self._send("revert", fault=fault, why=why, now=now)

    async def stop(self) -> bool:
        """Let the keeper revert what is left, sweep, take down what the drill brought up, and end.

        Tell whether it did: it may be dead, or stopped, and is then ended for certain.
        """
        if self._child is None:
            return False
        self._send("stop")
        end = clock.monotonic() + STOP_LIMIT
        while self.alive() and clock.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                await asyncio.to_thread(self._child.wait, ENDING)
        done = self._child.poll() == 0
        await asyncio.to_thread(self._child.kill)
        self._ending.set()
        with self._lock, contextlib.suppress(OSError):  # what a dead keeper did not read
            self._child.stdin.close()
        return done

    def alive(self) -> bool:
        """Tell whether the keeper process lives and answered its last heartbeats."""
        if self._child is None or self._child.poll() is not None:
            return False
        return self._sent - self._answered < UNANSWERED

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
            except (OSError, ValueError):  # `alive` tells, and who waits for an answer learns
                return

    def _beat(self) -> None:
        while not self._ending.wait(BEAT) and self._child is not None and self._child.poll() is None:
            self._sent += 1
            self._send("beat", n=self._sent)

    def _hear(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take answers, in a thread, until the keeper has ended."""
        assert self._child is not None
        for line in self._child.stdout:
            answer = json.loads(line)
            if answer["say"] == "beat":
                self._answered = answer["n"]
            else:
                _hand_over(loop, self._answers, answer)
        _hand_over(loop, self._answers, {"say": "gone"})

    async def _answer(self, within: Seconds, wanted: str) -> dict[str, Any]:
        """Wait for an answer; `gone` when the keeper ended, `silent` when it said nothing in time."""
        try:
            async with asyncio.timeout(within):
                while True:
                    answer = await self._answers.get()
                    if answer["say"] in {wanted, "refused", "gone"}:
                        return answer
        except TimeoutError:
            return {"say": "silent", "error": f"no answer within {within:g} s"}


def _hand_over(
    loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[dict[str, Any]], answer: dict[str, Any]
) -> None:
    try:
        loop.call_soon_threadsafe(queue.put_nowait, answer)
    except RuntimeError:  # the loop has ended before the keeper: nobody waits any more
        return
