"""Records facts in a thread, in order, so that a store that is gone, full or locked delays no revert.

What the store does not take is tried again with the next fact, and at the end. StoreUnavailable is never
raised; `storage.spill` keeps the facts on disk meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from gameday import ports
from gameday.core.errors import GamedayError
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, Instant, Seconds
from gameday.system import clock, ids


class BufferedRecorder:
    """Records one drill's facts under the name of one source."""

    def __init__(
        self,
        store: ports.HistoryStore,
        drill: DrillId,
        *,
        source: str,
        now: Callable[[], Instant] = clock.now,
    ) -> None:
        self._store = store
        self._drill = drill
        self._source = source
        self._now = now
        self._unwritten: list[ev.Event] = []
        self._thread = ThreadPoolExecutor(max_workers=1)  # one: two would write out of order

    def record(self, fact: ev.Fact, *, at: Instant | None = None) -> ev.Event:
        """Take a fact that occurred `at` (default: now), and have it written soon."""
        now = self._now()
        event = ev.Event(
            id=ids.new_event_id(),
            drill=self._drill,
            occurred_at=now if at is None else at,
            recorded_at=now,
            source=self._source,
            fact=fact,
        )
        self._unwritten.append(event)
        self._thread.submit(self._write)
        return event

    async def flush(self, within: Seconds) -> bool:
        """Wait until everything is written; False when it is not within so many seconds."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(within):
                # In the same thread, so after all that was submitted before.
                return await loop.run_in_executor(self._thread, self._write)
        except TimeoutError:
            return False

    async def close(self, within: Seconds) -> bool:
        """Write everything; report whether all is in the store."""
        written = await self.flush(within)
        # Not waited for: a locked store would keep the process from ending.
        self._thread.shutdown(wait=False, cancel_futures=True)
        return written

    def _write(self) -> bool:
        """Write everything in order; runs in the thread. An event stays until the store has it."""
        while self._unwritten:
            batch = tuple(self._unwritten)
            try:
                self._store.append(*batch)
            # The events stay in the list; the next fact, or `close`, tries again.
            except GamedayError:
                return False
            del self._unwritten[: len(batch)]  # not clear(): more may have come meanwhile
        return True
