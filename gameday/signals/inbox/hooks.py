"""The addresses at which this process takes alerts, and how a delivery proves where it comes from.

A delivery goes to whoever in this process has a hook at its path: on a game day to the drill and to the game
day itself, which receive the same. Between processes an address has one owner, the first.

Checked in this order: path, method, origin, size. What is not proven is answered before a byte of its body is
read. Senders drop for good what is answered with 4xx, and send again what is answered with 503.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gameday.core.errors import NotReady, StoreUnavailable
from gameday.formats.settings.listen import ListenAddress
from gameday.signals.inbox import server
from gameday.signals.inbox.intake import Intake, Source, Taken
from gameday.signals.inbox.server import CAP, Server, TooLong
from gameday.system import processes

Headers = Sequence[tuple[bytes, bytes]]
"""As they came, with names in lower case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """A path of one receiver. prove: gives why a delivery's origin is not proven; empty where it is."""

    path: str
    source: Source
    intake: Intake
    prove: Callable[[Headers], str] = lambda _: ""


def bearer(secret: str) -> Callable[[Headers], str]:
    """Give the proof by a token: `Authorization: Bearer SECRET`, compared in constant time."""
    expected = _digest(secret.encode())

    def prove(headers: Headers) -> str:
        given = [value for name, value in headers if name == b"authorization"]
        if not given:
            return "a delivery without its bearer token was refused"
        scheme, _, token = given[0].partition(b" ")
        same = hmac.compare_digest(_digest(token.strip()), expected)
        if len(given) > 1 or scheme.lower() != b"bearer" or not same:
            return "a delivery whose `Authorization` is not the bearer token of `secret` was refused"
        return ""

    return prove


def _digest(token: bytes) -> bytes:
    # Of equal length, whatever is sent: comparing texts would show the secret's length.
    return hashlib.sha256(token).digest()


def not_from_a_browser(headers: Headers) -> str:
    """Give the proof of an address without a secret: no web page sends what this machine's browser opens."""
    if any(name in (b"origin", b"sec-fetch-site") for name, _ in headers):
        return "a delivery by a web page was refused: this address has no secret"
    return ""


class Door:
    """One address, and the hooks at it."""

    def __init__(self, listener: socket.socket) -> None:
        self.hooks: list[Hook] = []
        app = Starlette(
            routes=[Route("/{path:path}", self._handle, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])]
        )
        self._server = Server(app, listener)

    async def stop(self) -> None:
        """Stop listening at once."""
        await self._server.stop()

    async def _handle(self, request: Request) -> Response:
        hooks = self._at(request.scope["path"])
        if not hooks:
            return _refused(404, "no such receiver")
        if request.method != "POST":
            return _refused(405, "alerts are sent by POST", {"Allow": "POST"})
        proven, why = _proven(hooks, request.headers.raw)
        if not proven:
            for hook in hooks:
                hook.intake.note(hook.source, why)
            return _refused(401, "the origin is not proven", {"WWW-Authenticate": "Bearer"})
        return await _read(request, proven)

    def _at(self, path: str) -> list[Hook]:
        # As bytes, and in constant time: the path of a registered receiver holds its token.
        asked = path.removesuffix("/").encode("utf-8", "surrogatepass")
        return [hook for hook in self.hooks if hmac.compare_digest(hook.path.encode(), asked)]


def _proven(hooks: Sequence[Hook], headers: Headers) -> tuple[list[Hook], str]:
    reasons = [(hook, hook.prove(headers)) for hook in hooks]
    return [hook for hook, why in reasons if not why], next((why for _, why in reasons if why), "")


async def _read(request: Request, hooks: Sequence[Hook]) -> Response:
    try:
        body = await server.body(request)
    except ClientDisconnect:
        return Response(status_code=400)
    except TimeoutError:
        return _refused(408, "the body took too long", {"Connection": "close"})
    except TooLong:
        for hook in hooks:
            hook.intake.too_long(hook.source)
        return _refused(413, f"more than {CAP} bytes")
    return _taken(hooks, body)


def _taken(hooks: Sequence[Hook], body: bytes) -> Response:
    """Let each take it; whoever could not store it gets it again, and the others know it then."""
    took: list[Taken] = []
    try:
        for hook in hooks:
            took.append(hook.intake.take(hook.source, body))  # noqa: PERF401  # each one's effect counts
    except StoreUnavailable as away:
        return JSONResponse({"error": away.code}, status_code=503)
    answer = {"accepted": took[0].accepted, "rejected": list(took[0].rejected)}
    return JSONResponse(answer, status_code=202 if took[0].rejected else 200)


def _refused(status: int, error: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": error}, status_code=status, headers=headers)


@dataclass(kw_only=True, slots=True)
class Doors:
    """The fixed addresses of this process, each bound once, as long as somebody takes from it."""

    _open: dict[ListenAddress, Door] = field(default_factory=dict)

    def add(self, address: ListenAddress, hook: Hook) -> None:
        """Take what is sent to an address. Raises NotReady where it is another process's, or can't be bound.

        To be called in the event loop that serves it.
        """
        if address not in self._open:
            self._open[address] = Door(bind(address))
        self._open[address].hooks.append(hook)

    async def remove(self, address: ListenAddress, hook: Hook) -> None:
        """Take nothing more; the last one closes the address."""
        door = self._open[address]
        door.hooks.remove(hook)
        if not door.hooks:
            del self._open[address]
            await door.stop()


def bind(address: ListenAddress) -> socket.socket:
    """Bind an address. Raises NotReady with what to do about it."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    # All addresses are those of IPv4, too: the URL that is given may name one.
    both = address.host == "::" and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((address.host, address.port), family=family, dualstack_ipv6=both)
    except OSError as error:
        raise NotReady(
            f"nothing can listen at {address}: {_why(error)}", hint=_HINTS.get(error.errno or 0, "")
        ) from error


def _why(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "it is taken, by another drill or another program"
    return (error.strerror or str(error)).lower()


_HINTS = {
    errno.EADDRINUSE: "two drills at once need two addresses; `ss -ltnp` shows who listens",
    errno.EADDRNOTAVAIL: "`listen` is an address of this machine; 0.0.0.0 stands for all of them",
    errno.EACCES: "ports below 1024 need a privilege; choose another",
}


ELSEWHERE = ("192.0.2.1", 9)
"""An address of documentation (RFC 5737): nothing is sent to it."""


def own_address() -> str:
    """Give the address from which this machine would reach others; without a route, its host name."""
    try:
        # Connecting a datagram socket sends nothing: the kernel only chooses route and source address.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(ELSEWHERE)
            return str(probe.getsockname()[0])
    except OSError:
        return processes.hostname()


def loopback(hooks: Sequence[Hook]) -> tuple[Door, int]:
    """Take what is sent to a free port of loopback; give the door and the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    door = Door(listener)
    door.hooks.extend(hooks)
    return door, port
