"""Bounded in bytes, time and connections, whoever sends."""

from __future__ import annotations

import socket
import time
from http.client import HTTPConnection

import pytest

from gameday.core.facts import drill as ev
from gameday.signals.inbox import server
from tests.signals.listening import SECRET, hook, listening, post


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(server, "HEAD_WITHIN", 0.3)
    monkeypatch.setattr(server, "BODY_WITHIN", 0.3)


def connected(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
    return socket.create_connection((host, int(port)), timeout=5)


def rest(sock: socket.socket) -> bytes:
    """Read until the other side closes."""
    parts = []
    try:
        while part := sock.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


HEAD = f"POST /hooks/pager HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\n"


@pytest.mark.parametrize(
    "begin",
    ["", "POST /hooks/pager", HEAD, f"{HEAD}Content-Length: 0\r\n\r\nPOST /hooks"],
    ids=["nothing", "half a line", "half a head", "half a second request"],
)
def test_a_connection_that_sends_no_whole_head_is_closed(tmp_path, impatient, begin):
    with listening(tmp_path, hook()) as to, connected(to.url) as sock:
        sock.sendall(begin.encode())
        began = time.monotonic()
        rest(sock)
        assert time.monotonic() - began < 3


def drip(sock: socket.socket, text: str) -> None:
    for byte in text:
        sock.sendall(byte.encode())
        time.sleep(0.02)


def test_a_head_that_comes_byte_by_byte_does_not_keep_a_connection(tmp_path, impatient):
    with listening(tmp_path, hook()) as to, connected(to.url) as sock:
        began = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT011  # reset or broken pipe, as the kernel has it
            drip(sock, HEAD * 50)
        assert time.monotonic() - began < 3


def test_a_body_that_takes_too_long_is_answered_and_its_connection_closed(tmp_path, impatient):
    with listening(tmp_path, hook()) as to, connected(to.url) as sock:
        sock.sendall(f"{HEAD}Content-Length: 99\r\n\r\n{{".encode())
        assert rest(sock).startswith(b"HTTP/1.1 408")
        assert to.events() == []


def test_a_connection_serves_request_after_request(tmp_path, impatient):
    headers = {"Authorization": f"Bearer {SECRET}"}
    with listening(tmp_path, hook()) as to:
        connection = HTTPConnection(to.url.removeprefix("http://").partition("/")[0], timeout=5)
        ports = set()
        for _ in range(3):
            connection.request("POST", "/hooks/pager", b'{"alerts": []}', headers)
            response = connection.getresponse()
            response.read()
            assert response.status == 200
            ports.add(connection.sock.getsockname())
            time.sleep(0.15)
        connection.close()
        assert len(ports) == 1


def test_whoever_sends_is_served_at_once_among_slow_connections(tmp_path, monkeypatch):
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 20)
    with listening(tmp_path, hook()) as to:
        slow = [connected(to.url) for _ in range(100)]
        began = time.monotonic()
        assert post(to.url, b'{"alerts": []}')[0] == 200
        assert time.monotonic() - began < server.HEAD_WITHIN / 2
        # The oldest went first, and no more than needed.
        closed = [is_closed(sock) for sock in slow]
        assert closed == sorted(closed, reverse=True)
        assert 80 <= sum(closed) <= 82
        for sock in slow:
            sock.close()


def is_closed(sock: socket.socket) -> bool:
    sock.settimeout(0.05)
    try:
        return sock.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("length", [server.CAP, server.CAP + 1])
def test_a_body_is_read_up_to_the_cap(tmp_path, length):
    body = b'{"alerts": []}'
    with listening(tmp_path, hook()) as to:
        status, _, _ = post(to.url, body + b" " * (length - len(body)))
        assert status == (413 if length > server.CAP else 200)
        assert len(to.facts(ev.SignalRejected)) == (length > server.CAP)
