"""Requests that end in time, against servers that do whatever they like."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from gameday.system.fetching import fetch

DRIP = 0.05
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"


def drip(connection, bytes_):
    for byte in bytes_:
        connection.sendall(bytes([byte]))
        time.sleep(DRIP)


@contextmanager
def serving(answer):
    """Serve one answer to each request; give its address and the requests as they came."""
    requests = []

    def serve(listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    def one(connection):
        requests.append(connection.recv(4096))
        try:
            answer(connection)
        except OSError:
            return
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/path", requests
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "answer",
    [
        lambda connection: (connection.sendall(HEAD), drip(connection, b"x" * 1000)),
        lambda connection: drip(connection, HEAD + b"x" * 1000),
        lambda connection: drip(connection, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" * 30),
        lambda connection: (connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n"), drip(connection, b"x" * 1000)),
        lambda _connection: time.sleep(30),
    ],
    ids=["body", "headers", "status lines", "a body without an end", "silence"],
)
def test_a_server_that_drips_or_is_silent_is_waited_for_no_longer_than_said(answer):
    began = time.monotonic()
    with serving(answer) as (url, _), pytest.raises(TimeoutError, match=r"no whole answer within 0\.3 s"):
        fetch(url, within=0.3)
    assert time.monotonic() - began < 10  # each of these servers goes on for longer


def test_a_handshake_that_hangs_ends_too():
    with serving(lambda _: time.sleep(30)) as (url, _), pytest.raises(TimeoutError):
        fetch(url.replace("http", "https"), within=0.3)


def test_what_breaks_off_is_no_answer():
    with serving(lambda c: c.sendall(HEAD + b"half")) as (url, _), pytest.raises(OSError, match="breaks off"):
        fetch(url, within=5)
    with serving(lambda c: c.sendall(b"SSH-2.0-x\r\n")) as (url, _), pytest.raises(OSError, match="SSH"):
        fetch(url, within=5)


def test_an_answer_beyond_the_limit_is_refused_and_one_that_is_not_read_is_no_matter():
    with serving(lambda c: c.sendall(HEAD + b"x" * 1000)) as (url, _):
        with pytest.raises(ValueError, match="larger than 999 bytes"):
            fetch(url, within=5, limit=999)
        assert fetch(url, within=5, limit=1000).content() == b"x" * 1000
        assert fetch(url, within=5, limit=0).status == 200


def test_a_redirect_is_told_and_not_followed_and_its_secrets_are_not_told():
    moved = b"HTTP/1.1 302 Found\r\nLocation: https://a:b@idp.example.com/in?state=s3cret\r\n\r\n"
    with (
        serving(lambda c: c.sendall(moved)) as (url, requests),
        pytest.raises(ValueError, match="302") as refused,
    ):
        fetch(url, within=5).content()
    assert str(refused.value) == "it answered 302, to https://idp.example.com/in, which is not followed"
    assert len(requests) == 1


def test_what_is_asked_is_the_address_with_its_user_its_query_and_ours():
    with serving(lambda c: c.sendall(b"HTTP/1.1 204 No\r\n\r\n")) as (url, requests):
        address = url.replace("://", "://ada:p%40ss@") + "?mine=1"
        fetch(address, within=5, method="POST", query={"after": 3}, body=b"{}", media_type="application/json")
    asked = requests[0].decode()
    assert asked.startswith("POST /path?after=3&mine=1 HTTP/1.1\r\n")
    assert "Authorization: Basic YWRhOnBAc3M=\r\n" in asked
    assert "Content-Type: application/json\r\n" in asked


@pytest.mark.parametrize("url", ["", "ftp://example.com", "http://", "/path", "http://127.0.0.1:x/"])
def test_what_is_no_http_address_is_told(url):
    with pytest.raises(ValueError, match=r"http URL|Port"):
        fetch(url, within=5)
