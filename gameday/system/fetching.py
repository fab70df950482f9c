"""Sends one HTTP request to an outside system, with a deadline that holds whatever the other side does.

An HTTP client's time-outs bound single reads only: a server that sends a byte a second can block it
indefinitely, in a thread that can't be cancelled. Here the socket is shut down at the deadline
(docs/adr/0013).

Redirects are not followed, because only an address that somebody wrote down may be asked. Nothing is retried,
and no connection is kept.
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
"""Bytes of a body that are read at most."""
RETRY_INTERVAL: Seconds = 0.2
"""How often the watcher looks, after the deadline, for a socket that was opened only then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A response. location: where a redirect leads, without the parts that may be secret."""

    status: int
    body: bytes
    location: str = ""

    def content(self) -> bytes:
        """Give the body. Raises ValueError for any status but 200."""
        if self.status == http.client.OK:
            return self.body
        redirect = f", to {self.location}, which is not followed" if self.location else ""
        raise ValueError(f"it answered {self.status}{redirect}")


def fetch(
    url: str,
    *,
    within: Seconds,
    method: str = "GET",
    query: Mapping[str, str | int] | None = None,
    body: bytes | None = None,
    media_type: str = "*/*",
    limit: int = LIMIT,
    bearer: str = "",
) -> Answer:
    """Send one request, and give its answer.

    within: seconds until the whole answer must be there. query: added to the URL's own. media_type: of the
    body that is sent; without one, of the answer that is wanted. limit: bytes of the body; 0 leaves it
    unread. bearer: a token that is sent in place of the URL's user and password. Raises OSError where no
    answer came in time, ValueError for a URL that is not http or an answer too large.
    """
    parts = urlsplit(url)
    headers = _headers(parts, media_type, body, bearer)
    with _Bounded(parts, within) as bounded:
        bounded.connect()
        bounded.connection.request(method, _target(parts, query), body, headers)
        response = bounded.connection.getresponse()
        content = response.read(limit + 1) if limit else b""
        # read(amount) does not raise where a body ends early; what is missing stays in `length`.
        if limit and response.length and len(content) <= limit:
            raise ConnectionError("its answer breaks off")
    if len(content) > limit:
        raise ValueError(f"its answer is larger than {limit} bytes")
    return Answer(status=response.status, body=content, location=_shown(response.getheader("Location", "")))


class _Bounded:
    """A connection that another thread shuts down at the deadline; whoever uses it gets a TimeoutError."""

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
        threading.Thread(target=self._shut_at_deadline, name="fetch-end", daemon=True).start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._done.set()
        self.connection.close()
        # Whatever a socket that was shut down made of it (an end, a reset, half an answer): it was late.
        if self._late or isinstance(error, TimeoutError):
            raise TimeoutError(f"no whole answer within {self._within:g} s") from error
        if isinstance(error, http.client.HTTPException):
            raise ConnectionError(str(error) or type(error).__name__) from error

    def connect(self) -> None:
        """Connect, and keep the socket: http.client drops it when an answer ends with the connection."""
        self.connection.connect()
        self._opened = self.connection.sock

    def _shut_at_deadline(self) -> None:
        """Shut the socket down at the deadline, or once it is there: a name may take longer to resolve."""
        left = self._within
        while not self._done.wait(left):
            self._late, left = True, RETRY_INTERVAL
            # Until it is opened, the socket's own time-out bounds connecting and TLS's handshake.
            if self._opened is not None:
                with contextlib.suppress(OSError):  # it was closed meanwhile
                    # The plain socket's method: a TLS socket's own would touch the state that a reader uses.
                    socket.socket.shutdown(self._opened, socket.SHUT_RDWR)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _target(parts: SplitResult, query: Mapping[str, str | int] | None) -> str:
    queries = "&".join(filter(None, (urlencode(query or {}), parts.query)))
    return (parts.path or "/") + (f"?{queries}" if queries else "")


def _headers(parts: SplitResult, media_type: str, body: bytes | None, bearer: str) -> dict[str, str]:
    headers = {"User-Agent": "gameday", "Accept" if body is None else "Content-Type": media_type}
    if bearer:
        # http.client would show the token in its error.
        if not bearer.isascii() or not bearer.isprintable():
            raise ValueError("the token holds characters that no header can hold")
        headers["Authorization"] = f"Bearer {bearer}"
    elif parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
    return headers
