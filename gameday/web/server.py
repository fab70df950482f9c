"""An app on a socket, in a thread and an event loop of its own.

Comes in: an app, HOST:PORT. Goes out: a server that listens from the moment on that it was made.
Does not: make whoever started it wait: what is still open when it stops is cut off within a second.
"""

from __future__ import annotations

import socket
import threading

import uvicorn
from starlette.applications import Starlette

from gameday.core.errors import NotReady, UsageError
from gameday.core.values import Seconds

LINGER = 1
"""Whole seconds that open requests may take to end; an open stream would take for ever."""
PATIENCE: Seconds = 3.0


class Server:
    """Listens until it is stopped. Raises UsageError for no address, NotReady for one that is taken."""

    def __init__(self, app: Starlette, listen: str) -> None:
        self._socket = _listener(listen)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", server_header=False,
            timeout_graceful_shutdown=LINGER,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="http", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def stop(self) -> None:
        """Stop listening, and cut off who is still there."""
        self._server.should_exit = True
        self._thread.join(PATIENCE)
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
