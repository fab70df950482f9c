"""A server on a real socket."""

from __future__ import annotations

import contextlib
import socket
import time
import urllib.request
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gameday.core.errors import NotReady, UsageError
from gameday.signals.inbox import server as bounded
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


def test_who_connects_and_sends_nothing_whole_keeps_nobody_out(monkeypatch):
    """As senders of alerts are limited: by time, and in number."""
    monkeypatch.setattr(bounded, "HEAD_WITHIN", 1.0)
    monkeypatch.setattr(bounded, "MOST_CONNECTIONS", 20)
    server = Server(APP, "127.0.0.1:0")
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    before = open_files()
    slow = [socket.create_connection((host, int(port)), timeout=10) for _ in range(200)]
    for sock in slow:
        with contextlib.suppress(OSError):  # closed already, for a later one
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX:")
    with urllib.request.urlopen(server.url, timeout=10) as answer:
        assert answer.read() == b"here"
    # Ours, and those that it keeps, with what is being closed.
    assert open_files() - before - len(slow) <= 40
    for sock in slow:
        with contextlib.suppress(ConnectionError):
            assert sock.recv(1) == b""
        sock.close()
    server.stop()


def test_who_does_not_take_an_answer_is_cut_off(monkeypatch):
    monkeypatch.setattr(bounded, "HEAD_WITHIN", 0.5)
    large = Starlette(routes=[Route("/", lambda _request: PlainTextResponse("x" * 50_000_000))])
    server = Server(large, "127.0.0.1:0")
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    before = open_files()
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        sock.recv(1)  # it is being answered
        until = time.monotonic() + 20
        while open_files() > before + 1 and time.monotonic() < until:
            time.sleep(0.05)
        received = 0
        with contextlib.suppress(ConnectionError):
            while part := sock.recv(1 << 20):
                received += len(part)
        assert received < 50_000_000
    server.stop()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
