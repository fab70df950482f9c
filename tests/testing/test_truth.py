"""The server that tells the truth about its own fault."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from gameday.testing import truth


@pytest.fixture
def server():
    with truth.TruthServer() as running:
        yield running


def get(server, path="/") -> tuple[int, float]:
    began = time.monotonic()
    try:
        with urllib.request.urlopen(server.url + path, timeout=5) as answer:
            answer.read()
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    return status, time.monotonic() - began


def test_each_change_is_recorded_once_with_its_instant(server) -> None:
    before = time.time()
    truth.order(server.url, "slow")
    truth.order(server.url, "slow")
    between = time.time()
    truth.order(server.url, "off")
    on, off = server.flips
    assert (on.fault, off.fault) == ("slow", "")
    assert before - 1e-3 < on.at < between + 1e-3 < off.at + 2e-3


def test_a_moment_is_recorded_and_changes_nothing(server) -> None:
    before = time.time()
    truth.say(server.url, "rolling")
    (moment,) = server.moments
    assert moment.name == "rolling"
    assert before - 1e-3 < moment.at < time.time() + 1e-3
    assert (get(server)[0], server.flips) == (200, [])


def test_the_fault_affects_users_while_it_is_on_and_only_them(server) -> None:
    assert get(server)[0] == 200
    truth.order(server.url, "errors")
    assert truth.exposed(server.url)
    assert (get(server)[0], get(server, "/health")[0]) == (503, 200)
    truth.order(server.url, "off")
    assert not truth.exposed(server.url)
    assert get(server)[0] == 200


def test_slow_is_slow(server) -> None:
    server.turn("slow")
    assert get(server)[1] >= truth.SLOW


def test_a_hanging_request_is_answered_when_the_fault_goes_off(server) -> None:
    server.turn("hang")
    with ThreadPoolExecutor(1) as pool:
        request = pool.submit(get, server)
        end = time.monotonic() + 10
        while not server.started["/"]:
            assert time.monotonic() < end
            time.sleep(0.01)
        time.sleep(0.3)
        assert not request.done()
        server.turn("")
        assert request.result()[0] == 200
    assert (server.started["/"], server.answered["/"]) == (1, 1)


def test_an_unknown_fault_is_refused(server) -> None:
    with pytest.raises(OSError, match="no such fault"):
        truth.order(server.url, "fire")
    assert server.flips == []
