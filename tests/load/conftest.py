"""A real HTTP server that counts what it answers, and a locustfile that hits it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gameday.testing.truth import TruthServer


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def server() -> Iterator[TruthServer]:
    with TruthServer() as running:
        yield running


USERS = """
from locust import FastHttpUser, HttpUser, constant, task

class Slow(HttpUser):
    wait_time = constant(0.01)

    @task
    def root(self):
        self.client.get("/")

class Fast(FastHttpUser):
    wait_time = constant(0.01)

    @task
    def root(self):
        self.client.get("/fast")

    @task
    def fail(self):
        self.client.post("/fail", name="POST [fail]")
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "users.py").write_text(USERS)
    return tmp_path
