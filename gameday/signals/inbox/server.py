"""A small HTTP server for what strangers may send to: bounded in bytes, time and connections.

uvicorn waits for a request's head and body, and for who takes an answer, as long as it takes. Here a
connection is closed that has not sent a whole head within HEAD_WITHIN after it was opened or its answer was
written, and one whose answer is not written within ANSWER_WITHIN. Beyond MOST_CONNECTIONS the one that has
waited longest is closed at once: file descriptors belong to the drill or the daemon, and whoever sends is
served. `web.server_thread` serves so, too.
"""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from gameday.core.values import Seconds

CAP = 1024 * 1024
"""The most bytes of a body that are read; Azure sends up to 256 KB, PagerDuty 55 KB."""
HEAD_WITHIN: Seconds = 10.0
"""How long a request's head may take, and how long a connection may stay open without a request."""
BODY_WITHIN: Seconds = 10.0
ANSWER_WITHIN: Seconds = 30.0
"""How long a request may take from its head until its answer is written."""
MOST_CONNECTIONS = 256
"""No more than that, and than a quarter of what this process may open."""
BACKLOG = 64
"""Connections that are accepted at a time: of more, descriptors could run out before the first is counted."""


class TooLong(ValueError):
    """A body has more than CAP bytes."""


class Server:
    """Serves an app on a socket that listens already, in the running event loop, until it is stopped."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        self._server = _Server(config(app))
        # The socket listens already: what is sent before the loop gets here waits in the backlog.
        self._serving = asyncio.create_task(self._server.serve([listener]))

    async def stop(self) -> None:
        """Stop at once, even with open connections, which a graceful end would wait for."""
        self._server.should_exit = self._server.force_exit = True
        await self._serving


async def body(request: Request) -> bytes:
    """Read the body as it came. Raises TooLong as soon as it is, TimeoutError, ClientDisconnect."""
    parts: list[bytes] = []
    length = 0
    async with asyncio.timeout(BODY_WITHIN):
        async for part in request.stream():
            length += len(part)
            if length > CAP:
                raise TooLong
            parts.append(part)
    return b"".join(parts)


class _Impatient(H11Protocol):
    """Closes a connection that sends no whole head in time, and the idlest where there are too many."""

    closing: asyncio.TimerHandle | None = None
    waits_for_request = True
    waits_since: Seconds = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base
        super().connection_made(transport)
        self._wait_for_request()
        if len(self.connections) > _most_connections():
            self._idlest().transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_request() and self.waits_for_request:
            self.waits_for_request = False
            self._close_after(ANSWER_WITHIN)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # A request that was sent ahead has begun already.
        if not self._in_request():
            self._wait_for_request()
        else:
            self._close_after(ANSWER_WITHIN)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _idlest(self) -> _Impatient:
        """Give the connection that has waited longest for a request; this one where all others are served."""
        waiting = (
            other
            for other in self.connections
            if isinstance(other, _Impatient) and other.waits_for_request and not other.transport.is_closing()
        )
        return min(waiting, key=lambda other: other.waits_since, default=self)

    def _in_request(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete

    def _wait_for_request(self) -> None:
        self.waits_for_request = True
        self.waits_since = self.loop.time()
        self._close_after(HEAD_WITHIN)

    def _close_after(self, seconds: Seconds) -> None:
        self._stop_waiting()
        self.closing = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self.closing is not None:
            self.closing.cancel()
            self.closing = None


class _Server(uvicorn.Server):
    """uvicorn that leaves the process's signals alone: the conductor handles Ctrl-C."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _most_connections() -> int:
    may_open, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if may_open == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, may_open // 4)


def config(app: ASGIApp) -> uvicorn.Config:
    """Give uvicorn's settings for an app that strangers may reach."""
    return uvicorn.Config(
        app,
        http=_Impatient,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="critical",
        timeout_keep_alive=30,
        backlog=BACKLOG,
        timeout_graceful_shutdown=1,  # whole seconds; uvicorn would wait for an open stream indefinitely
        server_header=False,
    )
