"""One GET for what must be known before a drill may start: whole within a time and a size, or an error.

Comes in: a URL, and what is asked there. Goes out: status and body; raises OSError, HTTPException,
ValueError. Does not: follow a redirect, or wait on for a server that sends a byte now and then: whoever waits
starts nothing meanwhile.
"""

from __future__ import annotations

import http.client
import socket
import threading
from contextlib import suppress
from urllib.parse import SplitResult

from gameday.core.values import Seconds

WHOLE: Seconds = 10.0
"""How long an answer may take from its beginning to its end."""
LIMIT = 4 << 20
"""Bytes of an answer that are read at most."""


def get(
    parts: SplitResult, where: str, *, accept: str, patience: Seconds, whole: Seconds = WHOLE
) -> tuple[int, bytes]:
    """Ask a server. patience: how long it may send nothing at all."""
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=patience)
    connection.connect()
    late = threading.Event()
    timer = threading.Timer(whole, _cut, (connection.sock, late))
    timer.daemon = True
    timer.start()
    try:
        connection.request("GET", where, headers={"Accept": accept, "User-Agent": "gameday"})
        response = connection.getresponse()
        body = response.read(LIMIT + 1)
    except (OSError, http.client.HTTPException):
        if not late.is_set():
            raise
    finally:
        timer.cancel()
        connection.close()
    if late.is_set():
        raise TimeoutError(f"the answer was not whole within {whole:g} s")
    if len(body) > LIMIT:
        raise ValueError(f"the answer is larger than {LIMIT} bytes")
    return response.status, body


def _cut(line: socket.socket, late: threading.Event) -> None:
    """End a connection under whoever reads from it."""
    late.set()
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
