"""The receiver of alerts: a small server on loopback that runs as long as the drill.

It takes POST requests at `/TOKEN/SYSTEM`, and passes the events to its owner before it answers the sender.
Whoever knows the token, which is drawn anew for each drill, may send. No URL in a payload is ever fetched.

A payload that can't be read is answered with 202 and kept as SignalRejected, because senders drop for good
what is refused. An event that can't be stored is answered with 503, so that it is sent again.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, EventId, Instant, storable
from gameday.ports import Clock
from gameday.signals import registration
from gameday.signals.parsed_payload import ParsedPayload, UnknownShape, possible
from gameday.signals.systems import SYSTEMS

CAP = 1024 * 1024
"""The most bytes of a body that are read; Azure sends up to 256 KB, PagerDuty 55 KB."""
EXCERPT = 500
"""Characters of an unreadable payload that are kept."""

Receive = Callable[[Sequence[ev.Event]], None]


class Receiver:
    """`ports.Signals` on an HTTP server in the running event loop.

    registries: by system, the URL of a monitor at which this receiver is registered while it listens.
    """

    def __init__(self, *, drill: DrillId, clock: Clock, registries: Mapping[str, str] | None = None) -> None:
        self._drill = drill
        self._clock = clock
        self._registries = dict(registries or {})
        self._token = secrets.token_urlsafe(24)
        self._receive: Receive | None = None
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._urls: dict[str, str] = {}
        self.heartbeats: dict[str, Instant] = {}
        """By system, when its always-firing alert last arrived."""

    async def start(self, receive: Receive) -> Mapping[str, str]:
        """Listen on a free port and register with the monitors. Give the URL to send to, by system.

        `receive` is called before the sender is answered; StoreUnavailable from it makes the sender
        try again. Raises NotReady when a monitor can't be asked to send its alerts here.
        """
        self._receive = receive
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        self._server = _Server(_config(self._app()))
        # The socket listens already: what a monitor sends as soon as it is registered waits in the backlog.
        self._serving = asyncio.create_task(self._server.serve([listener]))
        self._urls = {system: f"http://127.0.0.1:{port}/{self._token}/{system}" for system in SYSTEMS}
        try:
            for system, registry in self._registries.items():
                await asyncio.to_thread(registration.register, registry, self._urls[system])
        # Cancelled or failed, no server may be left behind, nor a registration.
        except BaseException:
            await self.stop()
            raise
        return self._urls

    async def stop(self) -> None:
        """Take the registrations back and stop at once, even with open connections."""
        if self._server is None or self._serving is None:
            return
        for system, registry in self._registries.items():
            await asyncio.to_thread(registration.unregister, registry, self._urls[system])
        # By force, because senders keep connections open that a graceful end would wait for.
        self._server.should_exit = self._server.force_exit = True
        await self._serving
        self._server = self._serving = None

    def _app(self) -> Starlette:
        return Starlette(routes=[Route("/{token}/{system}", self._handle, methods=["POST"])])

    async def _handle(self, request: Request) -> Response:
        token, system = request.path_params["token"], request.path_params["system"]
        # As bytes: compare_digest raises TypeError for text that is not ASCII.
        if not hmac.compare_digest(token.encode(), self._token.encode()) or system not in SYSTEMS:
            return JSONResponse({"error": "no such receiver"}, status_code=404)
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return self._too_long(system)
        return self._answer(system, body)

    def _too_long(self, system: str) -> Response:
        """Refuse a body that is too long; its sender drops it for good, so that is recorded."""
        why = f"a payload had more than {CAP} bytes and was refused; let the sender limit its alerts"
        # The refusal is the same without a record: sent again, it would be refused again.
        with suppress(StoreUnavailable):
            self._pass_on([self._rejection(system, ev.SignalRejected(system=system, reason=why), why)])
        return JSONResponse({"error": f"more than {CAP} bytes"}, status_code=413)

    def _pass_on(self, events: Sequence[ev.Event]) -> None:
        if events and self._receive is not None:
            self._receive(events)

    def _answer(self, system: str, body: bytes) -> Response:
        now = self._clock.now()
        payload, rejected = _read(system, body)
        if payload.heartbeat:
            self.heartbeats[system] = now
        events = [*self._alerts(system, payload, now), *self._rejected(system, rejected, body)]
        events += self._left_out(system, payload.left_out, body)
        try:
            self._pass_on(events)
        except StoreUnavailable as away:
            return JSONResponse({"error": away.code}, status_code=503)
        answer = {"accepted": len(payload.alerts), "rejected": rejected}
        return JSONResponse(answer, status_code=202 if rejected else 200)

    def _alerts(self, system: str, payload: ParsedPayload, now: Instant) -> Iterator[ev.Event]:
        for parsed in payload.alerts:
            alert = possible(parsed, now)
            yield ev.Event(
                id=_event_id(system, alert.delivery),
                drill=self._drill,
                recorded_at=now,
                occurred_at=alert.at,
                source=system,
                by=alert.by,
                fact=alert.fact,
            )

    def _rejected(self, system: str, reasons: Sequence[str], body: bytes) -> Iterator[ev.Event]:
        if not reasons:
            return
        fact = ev.SignalRejected(
            system=system,
            reason="; ".join(reasons)[:EXCERPT],
            # A character has at most four bytes in UTF-8.
            excerpt=body[: 4 * EXCERPT].decode(errors="replace")[:EXCERPT],
        )
        yield self._rejection(system, fact, hashlib.sha256(body).hexdigest()[:24])

    def _left_out(self, system: str, left_out: int, body: bytes) -> Iterator[ev.Event]:
        if not left_out:
            return
        why = f"its sender left out {left_out:,} alerts of a group, to limit the payload"
        fact = ev.SignalRejected(system=system, reason=why, left_out=left_out)
        yield self._rejection(system, fact, f"left-out:{hashlib.sha256(body).hexdigest()[:24]}")

    def _rejection(self, system: str, fact: ev.SignalRejected, name: str) -> ev.Event:
        return ev.Event(
            id=_event_id(system, f"rejected:{name}"),
            drill=self._drill,
            recorded_at=self._clock.now(),
            source=system,
            fact=fact,
        )


def _read(system: str, body: bytes) -> tuple[ParsedPayload, Sequence[str]]:
    """Read a body; give what could not be read, instead of raising it."""
    try:
        # At the door: not even the answer to the sender could be written with half a character in it.
        payload = SYSTEMS[system](storable(json.loads(body)))
    except UnknownShape as error:
        return ParsedPayload(), [str(error)]
    # JSON that is nested deeply enough raises RecursionError.
    except (ValueError, RecursionError) as error:
        return ParsedPayload(), [f"not JSON: {error}"]
    return payload, payload.rejected


def _event_id(system: str, delivery: str) -> EventId:
    """Make an event's id from a delivery's; a long or unprintable one is replaced by its hash."""
    if len(delivery) > 200 or not delivery.isascii() or not delivery.isprintable():
        delivery = hashlib.sha256(delivery.encode("utf-8", "backslashreplace")).hexdigest()[:24]
    return EventId(f"{system}:{delivery}")


async def _body(request: Request) -> bytes | None:
    """Read the body as it came, or give None as soon as it is too long."""
    parts: list[bytes] = []
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > CAP:
            return None
        parts.append(part)
    return b"".join(parts)


class _Server(uvicorn.Server):
    """uvicorn that leaves the process's signals alone: the conductor handles Ctrl-C."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="critical",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
