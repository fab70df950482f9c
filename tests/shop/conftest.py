"""One real shop for each test module, on free ports and in a folder of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gameday.shop import client, lifecycle


@dataclass(frozen=True)
class Answer:
    """What a user got."""

    status: int
    seconds: float
    body: Any


@dataclass(frozen=True)
class RunningShop:
    """A shop that is up, as users and as its owner see it."""

    home: Path
    base_url: str
    control: str

    def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Make one request as a user."""
        begin = time.monotonic()
        connection = http.client.HTTPConnection(self.base_url.removeprefix("http://"), timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body), headers or {})
            response = connection.getresponse()
            raw = response.read()
        is_json = "json" in response.getheader("content-type", "")
        return Answer(response.status, time.monotonic() - begin, json.loads(raw) if is_json else raw.decode())

    def login(self) -> Answer:
        """Log in with the right password."""
        return self.ask("POST", "/login", {"user": "user1", "password": "password1"})

    @property
    def status(self) -> dict[str, Any]:
        """What the control server says."""
        return client.get("/status", self.control)


def wait_for(holds: Callable[[], object], within: float = 10.0) -> None:
    """Poll until something holds, or fail at the deadline."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.02)


def quickest(ask: Callable[[], Answer], *, of: int = 5) -> Answer:
    """Ask some times and give the quickest answer: a busy machine makes any one of them slow."""
    return min((ask() for _ in range(of)), key=lambda answer: answer.seconds)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A shop for the tests of one module."""
    home = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAMEDAY_SHOP_HOME", str(home))
        patch.setenv("GAMEDAY_ACTOR", "tester")
        patch.delenv("GAMEDAY_SHOP_CONTROL", raising=False)
        status = lifecycle.up(port_base=0)
        yield RunningShop(home, status["base_url"], status["control"])
        lifecycle.down()
