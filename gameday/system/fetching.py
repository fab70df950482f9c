"""One HTTP request to a system outside, with an end that holds whatever the other side does.

Comes in: a URL, perhaps with a user and a password in it. Goes out: what was answered.
Does not: follow a redirect (what is asked is what somebody wrote down), retry, keep a connection, or
block the event loop if it is called in a thread.

A client's time-outs bound its single reads: a server that sends a byte a second is waited for for ever,
in a thread that nobody can cancel. Here the socket is shut when the time is up. docs/adr/0013.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

from gameday.core.values import Seconds

LIMIT = 4 << 20
"""Bytes of one answer that are read at most."""
AGAIN: Seconds = 0.2
"""How often a socket is shut that came only after the time was up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What was answered. location: where a redirect leads, without what may be secret in it."""

    status: int
    body: bytes
    location: str = ""

    def content(self) -> bytes:
        """Give the body. Raises ValueError for any status but 200."""
        if self.status == http.client.OK:
            return self.body
        led = f", to {self.location}, which is not followed" if self.location else ""
        raise ValueError(f"it answered {self.status}{led}")


def fetch(
    url: str,
    *,
    within: Seconds,
    method: str = "GET",
    query: Mapping[str, str | int] | None = None,
    body: bytes | None = None,
    media_type: str = "*/*",
    limit: int = LIMIT,
) -> Answer:
    """Send one request, and give its answer.

    query: added to the URL's own. media_type: what is sent, or wanted. limit: bytes of the body;
    0 leaves it unread. Raises OSError where no answer came within `within` seconds, ValueError where the URL
    is not http or the answer is too large.
    """
    parts = urlsplit(url)
    with _Bounded(parts, within) as bounded:
        bounded.connect()
        bounded.connection.request(method, _target(parts, query), body, _headers(parts, media_type, body))
        response = bounded.connection.getresponse()
        content = response.read(limit + 1) if limit else b""
        if limit and response.length and len(content) <= limit:
            raise ConnectionError("its answer breaks off")
    if len(content) > limit:
        raise ValueError(f"its answer is larger than {limit} bytes")
    return Answer(status=response.status, body=content, location=_shown(response.getheader("Location", "")))


class _Bounded:
    """A connection that is shut from beside when its time is up, which is a TimeoutError then."""

    def __init__(self, parts: SplitResult, within: Seconds) -> None:
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("it is no http URL")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.hostname, parts.port, timeout=within)
        self._within = within
        self._late = False
        self._done = threading.Event()
        self._opened: socket.socket | None = None

    def __enter__(self) -> Self:
        threading.Thread(target=self._watch, name="fetch-end", daemon=True).start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._done.set()
        self.connection.close()
        if self._late or isinstance(error, TimeoutError):
            raise TimeoutError(f"no whole answer within {self._within:g} s") from error
        if isinstance(error, http.client.HTTPException):
            raise ConnectionError(str(error) or type(error).__name__) from error

    def connect(self) -> None:
        """Connect, and keep the socket in sight: http.client lets go of one whose answer ends with it."""
        self.connection.connect()
        self._opened = self.connection.sock

    def _watch(self) -> None:
        """Shut the socket when the time is up, also one that comes only then: a name may resolve late."""
        left = self._within
        while not self._done.wait(left):
            self._late, left = True, AGAIN
            if self._opened is not None:  # until then, connecting and TLS's handshake have ends of their own
                with contextlib.suppress(OSError):  # it closed meanwhile
                    # not TLS's own shutdown, which meddles with whoever reads
                    socket.socket.shutdown(self._opened, socket.SHUT_RDWR)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _target(parts: SplitResult, query: Mapping[str, str | int] | None) -> str:
    queries = "&".join(filter(None, (urlencode(query or {}), parts.query)))
    return (parts.path or "/") + (f"?{queries}" if queries else "")


def _headers(parts: SplitResult, media_type: str, body: bytes | None) -> dict[str, str]:
    headers = {"User-Agent": "gameday", "Accept" if body is None else "Content-Type": media_type}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
    return headers
