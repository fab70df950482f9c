"""A clock for tests that jumps to the next timer as soon as nothing else can run.

A two-hour drill takes milliseconds on it. `run` gives a coroutine an event loop whose own time is this clock,
so that `asyncio.sleep`, `asyncio.timeout` and `loop.call_later` jump too. While a thread works for the loop
(`asyncio.to_thread`), time waits for it. Time does not wait for real sockets and processes: test those on the
real clock. The idea is trio's autojump clock (`trio/_core/_mock_clock.py`).
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

from gameday.core.values import Instant, Seconds, instant

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START = instant(1_800_000_000.0)
"""2027-01-15T08:00:00Z: where a virtual clock starts by default."""

_INPUT_TIMEOUT = 10.0
"""Real seconds to wait for input when no timer is set; without any, the test fails instead of hanging."""


class VirtualClock:
    """`ports.Clock` that moves only by `run`, by `advance` and by what sleeps on it."""

    def __init__(self, start: Instant = START) -> None:
        self._start = start
        self._elapsed = 0.0

    def now(self) -> Instant:
        """Give the present instant."""
        return instant(self._start + self._elapsed)

    def advance(self, seconds: Seconds) -> None:
        """Let time pass. Raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError("time goes forward only")
        self._elapsed += seconds

    async def sleep(self, seconds: Seconds) -> None:
        """Wait until the clock has moved by so many seconds; only within `run`."""
        loop = asyncio.get_running_loop()
        if not isinstance(loop, _Loop) or loop.clock is not self:
            raise RuntimeError("time moves only within VirtualClock.run(...)")
        await asyncio.sleep(seconds)

    def elapsed(self) -> Seconds:
        """Give the seconds since this clock was made."""
        return self._elapsed

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end on this clock."""
        with asyncio.Runner(loop_factory=lambda: _Loop(self)) as runner:
            return runner.run(main)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that asks a virtual clock for the time."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.threads = 0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self.clock.elapsed()

    # Threads run in real time: if the clock jumped meanwhile, time-outs far from due would expire.
    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self.threads += 1
        future.add_done_callback(self._thread_ended)
        return future

    async def shutdown_default_executor(self, *limit: Any) -> None:
        """Let time wait for the executor's shutdown too: asyncio joins its threads in another thread."""
        self.threads += 1
        try:
            await super().shutdown_default_executor(*limit)
        finally:
            self.threads -= 1

    def _thread_ended(self, _future: asyncio.Future[Any]) -> None:
        self.threads -= 1


class _Selector(selectors.DefaultSelector):
    """A selector that jumps over the time for which it should wait."""

    def __init__(self, loop: _Loop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if ready := super().select(0):
            return ready
        if timeout is not None and timeout <= 0:  # callbacks are ready, a thread's end among them
            return []
        if self._loop.threads:
            return super().select(_INPUT_TIMEOUT)
        if timeout is not None:
            self._loop.clock.advance(max(timeout, 0.0))
            return []
        if ready := super().select(_INPUT_TIMEOUT):
            return ready
        raise RuntimeError("everything waits, and nothing is left that could happen")
