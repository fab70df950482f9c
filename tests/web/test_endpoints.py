"""The daemon's calendar and health over HTTP."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gameday.core.errors import NotReady, StoreUnavailable, UsageError
from gameday.web import endpoints
from gameday.web.endpoints import Health
from gameday.web.server_thread import Server

TOKENS = {"participants": False, "facilitators": True}


@contextmanager
def served(write=lambda reveal: f"revealed: {reveal}", why: str = "") -> Iterator[Server]:
    server = Server(
        endpoints.app(write, lambda: Health(why=why, facts={"running": 1}), TOKENS), "127.0.0.1:0"
    )
    yield server
    server.stop()


def get(server: Server, path: str, **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, answer.headers


def test_each_token_shows_what_its_people_may_see():
    with served() as server:
        assert get(server, "/calendar.ics?token=participants")[:2] == (200, "revealed: False")
        assert get(server, "/calendar.ics?token=facilitators")[:2] == (200, "revealed: True")
        assert get(server, "/calendar.ics?token=x")[2]["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/calendar.ics", "/calendar.ics?token=", "/calendar.ics?token=%C3%A4", "/"])
def test_without_a_token_there_is_no_such_page(path):
    with served() as server:
        assert get(server, path)[0] == 404


def test_a_calendar_that_has_not_changed_is_not_sent_again():
    with served() as server:
        status, _, headers = get(server, "/calendar.ics?token=participants")
        assert (status, headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
        again = get(server, "/calendar.ics?token=participants", **{"If-None-Match": headers["ETag"]})
        assert again[:2] == (304, "")


def test_without_a_store_there_is_no_calendar_for_now():
    def away(_reveal: bool) -> str:
        raise StoreUnavailable("the store is away")

    with served(away) as server:
        status, body, headers = get(server, "/calendar.ics?token=participants")
        assert (status, body, headers["Retry-After"]) == (503, "the store is away\n", "60")


def test_health_says_what_is_wrong():
    with served() as server:
        assert get(server, "/health")[0] == 200
    with served(why="the store is away") as server:
        status, body, _ = get(server, "/health")
        assert (status, json.loads(body)) == (
            503,
            {"status": "failing", "why": "the store is away", "running": 1},
        )


def test_what_can_not_be_listened_on_is_said():
    with pytest.raises(UsageError, match="is not HOST:PORT"):
        Server(endpoints.app(str, Health, {}), "8090x")
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(NotReady, match="can't be listened on"),
    ):
        Server(endpoints.app(str, Health, {}), f"127.0.0.1:{taken.getsockname()[1]}")


def test_an_open_connection_does_not_keep_it_from_stopping():
    with (
        served() as server,
        socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as open_,
    ):
        open_.sendall(b"GET /health HTTP/1.1\r\n")
    with pytest.raises(OSError, match=r"."):
        socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), 1)
