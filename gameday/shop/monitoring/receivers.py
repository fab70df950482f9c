"""Send alerts to the registered receivers, in order for each, and retry until it has taken them.

A receiver that answers 2xx or 4xx has taken the body: like Alertmanager, this retries only on 5xx and when
nobody answers, with back-off.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

from gameday.core.errors import NotReady
from gameday.shop import client
from gameday.shop.journal import Journal

FIRST_RETRY, LONGEST_RETRY = 0.2, 5.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Receivers:
    """The registered URLs, and a queue for each."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._queues: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._senders: dict[str, asyncio.Task[None]] = {}

    def urls(self) -> list[str]:
        """List the registered URLs."""
        return sorted(self._queues)

    def add(self, url: str) -> bool:
        """Register a URL on loopback; False when it was registered. Raises ValueError for others."""
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in LOOPBACK:
            raise ValueError(f"a receiver is an http URL on loopback, not '{url}'")
        if url in self._queues:
            return False
        # A queue and a sender for each: a receiver that hangs must not delay the others.
        self._queues[url] = asyncio.Queue()
        self._senders[url] = asyncio.create_task(self._send_all(url))
        return True

    def remove(self, url: str) -> bool:
        """Forget a URL and what it has not taken yet; False when it was not registered."""
        if url not in self._queues:
            return False
        del self._queues[url]
        self._senders.pop(url).cancel()
        return True

    def send(self, body: dict[str, Any], *, only: str = "") -> None:
        """Queue a body for every receiver, or for one."""
        for url, queue in self._queues.items():
            if only in {"", url}:
                queue.put_nowait(body)

    async def _send_all(self, url: str) -> None:
        while True:
            body = await self._queues[url].get()
            wait = FIRST_RETRY
            while not await self._taken(url, body):
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_RETRY)

    async def _taken(self, url: str, body: dict[str, Any]) -> bool:
        try:
            status, _ = await asyncio.to_thread(client.exchange, "POST", url, json.dumps(body), timeout=5.0)
        except NotReady as error:
            self._journal.write("webhook-failed", receiver=url, error=error.message)
            return False
        self._journal.write("webhook-sent", receiver=url, status=status)
        return status < 500
