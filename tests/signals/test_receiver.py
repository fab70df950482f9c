"""The receiver over real HTTP: what it takes, what it refuses, and that it stops at once."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gameday.core.errors import NotReady, StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, parse_instant
from gameday.signals import receiver
from gameday.signals.receiver import Receiver
from gameday.storage import open_store
from gameday.system.clock import SystemClock

D = DrillId("d1")
FIRING = (Path(__file__).parent / "payloads/alertmanager/firing.json").read_bytes()
WATCHDOG = (Path(__file__).parent / "payloads/alertmanager/watchdog.json").read_bytes()


def post(url: str, body: bytes, *, method: str = "POST") -> tuple[int, dict]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=5)
    try:
        connection.request(method, parts.path, body, {"Content-Type": "text/plain"})
        response = connection.getresponse()
        raw = response.read()
        return response.status, json.loads(raw) if raw.startswith(b"{") else {}
    finally:
        connection.close()


def receiving(talk, *, receive=None, registries=None) -> list[ev.Event]:
    """Run a receiver, let `talk(urls, receiver)` talk to it in a thread, and give what it received."""
    received: list[ev.Event] = []

    async def main():
        listening = Receiver(drill=D, clock=SystemClock(), registries=registries)
        urls = await listening.start(receive or received.extend)
        try:
            await asyncio.to_thread(talk, urls, listening)
        finally:
            await listening.stop()

    asyncio.run(main())
    return received


def test_an_alert_becomes_an_event_with_its_own_instant():
    (event,) = receiving(lambda urls, _: post(urls["alertmanager"], FIRING))
    assert isinstance(event.fact, ev.AlertFired)
    assert event.fact.condition_at == parse_instant("2026-12-01T10:00:21.250Z")
    assert event.occurred_at == parse_instant("2026-12-01T10:00:31.250Z")
    assert (event.drill, event.source, event.trusted) == (D, "alertmanager", True)
    assert event.id == "alertmanager:7a1c0f3e5b9d2468@2026-12-01T10:00:31.250Z:firing"


def test_a_repeated_delivery_is_one_event_in_the_store(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/gameday.db")

    def twice(urls, _):
        assert post(urls["alertmanager"], FIRING) == (200, {"accepted": 1, "rejected": []})
        assert post(urls["alertmanager"], FIRING)[0] == 200

    receiving(twice, receive=lambda events: store.append(*events))
    assert len(store.read(D)) == 1
    store.close()


def test_the_alert_that_always_fires_is_a_heartbeat_and_no_alert():
    beats = {}

    def beat(urls, listening):
        assert post(urls["alertmanager"], WATCHDOG)[0] == 200
        beats.update(listening.heartbeats)

    begin = time.time()
    assert receiving(beat) == []
    assert begin - 1 <= beats["alertmanager"] <= time.time() + 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"text": "hello"}', "no list `alerts`"),
        (b'{"alerts": [{"status": "firing"}]}', "alerts[0]"),
    ],
)
def test_what_cannot_be_read_is_kept_and_not_sent_again(body, reason):
    def talk(urls, _):
        status, said = post(urls["alertmanager"], body)
        assert status == 202
        assert reason in said["rejected"][0]

    (event,) = receiving(talk)
    assert isinstance(event.fact, ev.SignalRejected)
    assert reason in event.fact.reason
    assert len(event.fact.excerpt) <= receiver.EXCERPT


def test_only_who_knows_the_token_may_send():
    def talk(urls, _):
        url = urls["alertmanager"]
        token = url.split("/")[3]
        assert post(url.replace(token, "guess"), FIRING)[0] == 404
        assert post(url.replace("alertmanager", "unheard-of"), FIRING)[0] == 404
        assert post(url, FIRING, method="PUT")[0] == 405

    assert receiving(talk) == []


def test_each_receiver_draws_its_own_token():
    tokens = []
    for _ in range(2):
        receiving(lambda urls, _: tokens.append(urls["alertmanager"].split("/")[3]))
    assert len(set(tokens)) == 2
    assert min(map(len, tokens)) >= 32


def test_a_body_that_is_too_long_is_refused():
    def talk(urls, _):
        assert post(urls["generic"], b" " * (receiver.CAP + 1))[0] == 413
        assert post(urls["generic"], b" " * (receiver.CAP - 20) + b'{"alert": "a"}')[0] == 200

    assert len(receiving(talk)) == 1


def test_what_the_store_cannot_take_is_to_be_sent_again():
    def full(_events):
        raise StoreUnavailable("full")

    receiving(lambda urls, _: post_status(urls, 503), receive=full)


def post_status(urls, expected):
    assert post(urls["alertmanager"], FIRING)[0] == expected


def test_an_id_that_a_sender_blew_up_is_cut_to_its_hash():
    body = json.dumps({"alert": "a", "id": "ü" * 9000}).encode()
    (event,) = receiving(lambda urls, _: post(urls["generic"], body))
    assert len(event.id) < 100


def test_it_stops_at_once_with_connections_open():
    held = []

    def hang(urls, _):
        parts = urlsplit(urls["alertmanager"])
        for begin in (
            b"",
            b"POST " + parts.path.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
        ):
            sock = socket.create_connection((parts.hostname, parts.port))
            sock.sendall(begin)
            held.append((sock, time.monotonic()))

    receiving(hang)
    assert time.monotonic() - held[-1][1] < 1.0
    for sock, _ in held:
        sock.close()


def test_the_monitor_knows_where_to_send_for_as_long_as_the_drill_listens(monitor):
    registry, asked = monitor
    urls = {}
    receiving(lambda given, _: urls.update(given), registries={"alertmanager": registry})
    assert asked == [("POST", urls["alertmanager"]), ("DELETE", urls["alertmanager"])]


@pytest.mark.parametrize("what", ["refuses", "is not there"])
def test_a_monitor_that_refuses_is_named_and_nothing_keeps_listening(monitor, what):
    registry = monitor[0] + "/refuse" if what == "refuses" else "http://127.0.0.1:1/receivers"
    with pytest.raises(NotReady, match="monitor at http") as found:
        receiving(lambda *_: None, registries={"alertmanager": registry})
    assert found.value.hint
