"""A server on a real socket."""

from __future__ import annotations

import socket
import urllib.request

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gameday.core.errors import NotReady, UsageError
from gameday.web.server_thread import Server

APP = Starlette(routes=[Route("/", lambda _request: PlainTextResponse("here"))])


def test_it_serves_as_soon_as_it_is_made_and_not_after_it_was_stopped():
    server = Server(APP, "127.0.0.1:0")
    with urllib.request.urlopen(server.url, timeout=10) as answer:
        assert answer.read() == b"here"
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)


@pytest.mark.parametrize("listen", ["", "8090x", "127.0.0.1:", "127.0.0.1:70000"])
def test_what_is_no_address_is_refused(listen):
    with pytest.raises(UsageError, match="is not HOST:PORT"):
        Server(APP, listen)


def test_an_address_in_use_is_not_ready():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(NotReady, match="can't be listened on"):
            Server(APP, f"127.0.0.1:{port}")
