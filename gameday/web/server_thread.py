"""Serves an app on a socket, in a thread and an event loop of its own, so that no reader can delay a drill.

The server listens as soon as it is made. When it stops, requests that are still open are cut off within a
second. Whoever connects is limited as the senders of alerts are (`signals.inbox.server`).
"""

from __future__ import annotations

import socket
import threading

import uvicorn
from starlette.applications import Starlette

from gameday.core.errors import NotReady, UsageError
from gameday.core.values import Seconds
from gameday.signals.inbox import server

STOP_TIMEOUT: Seconds = 3.0


class Server:
    """Listens until it is stopped. Raises UsageError for an invalid address, NotReady for one in use."""

    def __init__(self, app: Starlette, listen: str) -> None:
        # Bound here, not by uvicorn, which ends the whole process when an address is in use.
        self._socket = _listener(listen)
        self._server = uvicorn.Server(server.config(app))
        # Outside the main thread, uvicorn leaves the process's signal handlers alone.
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="http", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL at which it listens."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def stop(self) -> None:
        """Stop listening, and cut off requests that are still open."""
        self._server.should_exit = True
        self._thread.join(STOP_TIMEOUT)
        self._socket.close()


def _listener(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"'{listen}' is not HOST:PORT", hint="write 127.0.0.1:8090")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family)
    except OSError as error:
        raise NotReady(f"{listen} can't be listened on: {error.strerror or error}") from error
