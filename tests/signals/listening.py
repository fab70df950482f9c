"""A receiver in a thread of its own, as a drill has it, with a real store that knows what it has already."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from gameday.core.facts import drill as ev
from gameday.core.values import DrillId
from gameday.formats.settings import listen
from gameday.formats.settings.reader import Integration, Secret
from gameday.signals.inbox.hooks import Doors
from gameday.signals.receiver import Receiver
from gameday.storage import open_store
from gameday.system.clock import SystemClock
from tests import ports

SECRET = "c4nary-t0ken-of-the-sender"
DRILL = DrillId("d1")


def hook(
    name: str = "pager", *, kind: str = "alertmanager", secret: bool = True, port: int = 0
) -> Integration:
    """Give an integration that listens on loopback."""
    address = listen.parse(f"127.0.0.1:{port or ports.free()}")
    return Integration(name=name, kind=kind, listen=address, secret=Secret("env:PAGER") if secret else None)


@dataclass(kw_only=True)
class Listening:
    """What a receiver received, and where to send to."""

    receiver: Receiver
    url: str = ""
    urls: dict[str, str] = field(default_factory=dict)
    location: str = ""
    drill: DrillId = DRILL

    def events(self) -> list[ev.Event]:
        store = open_store(self.location)
        try:
            return [row.event for row in store.read(self.drill)]
        except LookupError:  # nothing was received
            return []
        finally:
            store.close()

    def facts(self, kind: type) -> list:
        return [event.fact for event in self.events() if isinstance(event.fact, kind)]


@contextmanager
def listening(
    folder: Path,
    *integrations: Integration,
    secret: str = SECRET,
    doors: Doors | None = None,
    drill: DrillId = DRILL,
) -> Iterator[Listening]:
    """Receive as long as the block lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    location = f"sqlite:///{folder}/gameday.db"
    receiver = Receiver(
        drill=drill, clock=SystemClock(), integrations=integrations, reveal=lambda _: secret, doors=doors
    )

    store = open_store(location)
    try:
        starting = asyncio.run_coroutine_threadsafe(
            receiver.start(lambda events: store.append(*events)), loop
        )
        urls = dict(starting.result(30))
        url = urls.get(integrations[0].name, "") if integrations else ""
        yield Listening(receiver=receiver, urls=urls, url=url, location=location, drill=drill)
    finally:
        asyncio.run_coroutine_threadsafe(receiver.stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
        store.close()


def post(
    url: str,
    body: bytes,
    *,
    token: str | None = SECRET,
    method: str = "POST",
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Send a body; give the answer's status, headers and body."""
    host, _, path = url.removeprefix("http://").partition("/")
    connection = HTTPConnection(host, timeout=20)
    try:
        proof = {} if token is None else {"Authorization": f"Bearer {token}"}
        connection.request(
            method, f"/{path}", body, {"Content-Type": "application/json", **proof, **(headers or {})}
        )
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    finally:
        connection.close()
