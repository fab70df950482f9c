"""Reads the store with a time limit, for those who must not wait for it: it may be locked, full or gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gameday import ports
from gameday.core.facts import history
from gameday.core.values import DrillId, Seconds

STORE_PATIENCE: Seconds = 0.3
"""Seconds that a revert waits for the store before it goes on without it."""

T = TypeVar("T")

_store_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="store")
"""Threads of their own: a locked store must not block asyncio's, which end processes and talk to them."""


def read(store: ports.HistoryStore, drill: DrillId) -> history.History:
    """Read the history of a drill or a game day, without its load. Raises LookupError, StoreUnavailable."""
    return history.from_events(stored.event for stored in store.read(drill))


async def in_store_thread(ask: Callable[[], T], within: Seconds) -> T:
    """Call `ask` in a thread that only the store may block. Raises TimeoutError."""
    async with asyncio.timeout(within):
        return await asyncio.get_running_loop().run_in_executor(_store_threads, ask)
