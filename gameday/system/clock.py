"""The real clock. All other code gets the time through `ports.Clock` or these functions."""

from __future__ import annotations

import time

from gameday.core.values import Instant, Seconds, instant


def now() -> Instant:
    """Give the present instant."""
    return instant(time.time())


def monotonic() -> float:
    """Give seconds on a clock that only goes forward; for deadlines within one process."""
    return time.monotonic()


def processor() -> float:
    """Give the seconds of processor time that this thread has used."""
    return time.thread_time()


def sleep(seconds: Seconds) -> None:
    """Block this thread."""
    time.sleep(seconds)


class SystemClock:
    """`ports.Clock` on the machine's clock."""

    def now(self) -> Instant:
        """Give the present instant."""
        return now()

    async def sleep(self, seconds: Seconds) -> None:
        """Wait without blocking the event loop."""
        import asyncio  # noqa: PLC0415  # takes 60 ms, and responders' commands do without

        await asyncio.sleep(seconds)
