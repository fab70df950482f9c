"""A real Envoy: each change is in force when it returns."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gameday.core.errors import NotReady
from gameday.shop import client
from gameday.shop.edge.gateway import Gateway
from gameday.shop.settings import EdgeFault, Settings
from gameday.shop.state_folder import Ports, StateFolder
from tests import ports


@pytest.fixture(scope="module")
def replica() -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def folder(tmp_path) -> StateFolder:
    made = StateFolder(tmp_path)
    for each in (made.edge, made.logs):
        each.mkdir()
    return made


def test_users_go_where_the_edge_was_told_and_get_the_faults_that_are_in_force(folder, replica):
    at = Ports(edge=ports.free(), admin=ports.free(), control=ports.free())
    gateway, url = Gateway(folder, at), f"http://127.0.0.1:{at.edge}/products"

    def status() -> int:
        return client.exchange("GET", url)[0]

    async def main() -> list[int]:
        await gateway.start(Settings())
        statuses = [await asyncio.to_thread(status)]
        await gateway.send_users_to([replica])
        statuses.append(await asyncio.to_thread(status))
        abort = EdgeFault(abort_percent=100, abort_status=418)
        await gateway.fault(replace(Settings(), edge={"products": abort}))
        statuses.append(await asyncio.to_thread(status))
        await gateway.fault(Settings())
        statuses.append(await asyncio.to_thread(status))
        await gateway.route(replace(Settings(), blocked=("127.0.0.1",)))
        assert gateway.alive
        assert await asyncio.to_thread(gateway.scrape)
        await gateway.stop()
        return statuses

    assert asyncio.run(main()) == [503, 200, 418, 200]
    assert not gateway.alive


def test_an_edge_that_does_not_start_says_where_to_look(folder, replica):
    taken = Ports(edge=replica, admin=replica, control=ports.free())
    gateway = Gateway(folder, taken)
    with pytest.raises(NotReady, match="the edge did not start") as failed:
        asyncio.run(gateway.start(Settings()))
    assert "edge.out" in failed.value.hint
    asyncio.run(gateway.stop())
