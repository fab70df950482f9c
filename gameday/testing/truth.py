"""A real HTTP server that records when its own fault went on and off: the truth to measure against.

It runs on loopback in a thread, so that a test or a measurement can read directly each change of its one
fault, each moment that was reported to it, and how many requests it got by path.

    GET  /fault            {"fault": "slow"}, or {"fault": ""}
    POST /fault/KIND       turns the fault on: slow (answers after SLOW seconds), errors (503), hang (no
                           answer while it is on); turning on what is on changes nothing
    POST /fault/off        turns it off
    POST /moment/NAME      records the instant at which it came; nothing else
    GET  /health           200 "ok", whatever the fault: it affects nothing but users' requests
    /fail                  always 500; everything else: 200 "ok", as far as the fault lets it
"""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from gameday.core.values import Instant, Seconds
from gameday.system import clock

KINDS = ("slow", "errors", "hang")
SLOW: Seconds = 0.5
PATIENCE: Seconds = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Flip:
    """The fault changed to `fault` at an instant; empty: it went off."""

    at: Instant
    fault: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """Something that was reported to happen at an instant."""

    at: Instant
    name: str


class TruthServer:
    """The server, from entering its context to leaving it. Everything is on 127.0.0.1."""

    def __init__(self) -> None:
        self.flips: list[Flip] = []
        self.moments: list[Moment] = []
        self.started: Counter[str] = Counter()
        """Requests by path, when their head has come."""
        self.answered: Counter[str] = Counter()
        """Requests by path, when their answer goes out."""
        self._fault = ""
        self._calm = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="truth", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        self.url = f"http://127.0.0.1:{listening.result(PATIENCE)}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def turn(self, fault: str) -> None:
        """Turn a kind of fault on, or off with an empty one, and wait until it has changed."""

        async def turned() -> None:
            self._turn(fault)

        asyncio.run_coroutine_threadsafe(turned(), self._loop).result(PATIENCE)

    async def _listen(self) -> int:
        self._calm.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        return int(self._server.sockets[0].getsockname()[1])

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _turn(self, fault: str) -> None:
        if fault == self._fault:
            return
        self._fault = fault
        self.flips.append(Flip(at=clock.now(), fault=fault))
        if fault == "hang":
            self._calm.clear()
        else:
            self._calm.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(_length(head))
                path = head.split(b" ", 2)[1].decode().partition("?")[0]
                status, body = await self._answer(path)
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client hung up, or the server ends
        finally:
            writer.close()

    async def _answer(self, path: str) -> tuple[str, str]:
        if path == "/health":
            return "200 OK", "ok"
        if path == "/fault":
            return "200 OK", json.dumps({"fault": self._fault})
        if path.startswith("/fault/"):
            return self._ordered(path.removeprefix("/fault/"))
        if path.startswith("/moment/"):
            self.moments.append(Moment(at=clock.now(), name=path.removeprefix("/moment/")))
            return "200 OK", "done"
        self.started[path] += 1
        status = await self._apply_fault()
        self.answered[path] += 1
        return ("500 Broken" if path == "/fail" else status), "ok"

    def _ordered(self, kind: str) -> tuple[str, str]:
        if kind not in (*KINDS, "off"):
            return "404 Not Found", f"no such fault; there are {', '.join(KINDS)}"
        self._turn("" if kind == "off" else kind)
        return "200 OK", "done"

    async def _apply_fault(self) -> str:
        """Apply the fault that is on to a request; give the status of its answer."""
        if self._fault == "errors":
            return "503 Unavailable"
        if self._fault == "slow":
            await asyncio.sleep(SLOW)
        await self._calm.wait()
        return "200 OK"


def _length(head: bytes) -> int:
    """Read how long a request's body is."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def order(url: str, kind: str) -> str:
    """Turn the fault of the server at a URL on, or `off`: a Chaos Toolkit action. Raises OSError."""
    return _ask(url, "POST", f"/fault/{kind}")


def say(url: str, what: str) -> str:
    """Report to the server at a URL that something happens now: a Chaos Toolkit action. Raises OSError."""
    return _ask(url, "POST", f"/moment/{what}")


def exposed(url: str) -> bool:
    """Report whether the fault of the server at a URL is on: a Chaos Toolkit probe. Raises OSError."""
    return bool(json.loads(_ask(url, "GET", "/fault"))["fault"])


def _ask(url: str, method: str, path: str) -> str:
    host = urlsplit(url)
    connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=PATIENCE)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise OSError(f"{method} {path}: {answer.status} {text}")
    return text
