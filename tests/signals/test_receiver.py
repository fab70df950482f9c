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
from gameday.formats.settings.reader import Integration, Secret
from gameday.signals import receiver
from gameday.signals.receiver import Receiver
from gameday.storage import open_store
from gameday.system.clock import SystemClock
from tests.signals.listening import hook

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

    refused, read = receiving(talk)
    assert isinstance(refused.fact, ev.SignalRejected)
    assert str(receiver.CAP) in refused.fact.reason
    assert read.fact.alert == "a"


def stored(tmp_path, body, *, system="alertmanager"):
    """Send a body, store what it became, and give the store's events and the answer's status."""
    store = open_store(f"sqlite:///{tmp_path}/gameday.db")
    answers = []

    def talk(urls, _):
        answers.append(post(urls[system], body)[0])

    receiving(talk, receive=lambda events: store.append(*events))
    events = [row.event for row in store.read(D)]
    store.close()
    return events, answers[0]


def alert_at(start, name="a", **changes):
    return {"status": "firing", "labels": {"alertname": name}, "startsAt": start, **changes}


@pytest.mark.parametrize(
    "start",
    [
        "0001-01-01T00:00:00+00:01",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999Z",
        "9999-12-31T23:59:59Z",
        "+292278994-08-17T07:12:55.807Z",
        "1970-01-01T00:00:00Z",
        "1969-07-20T20:17:40Z",
        "2026-13-45T99:00:00Z",
        "2026-12-01T10:00:00",
        "NaN",
        float("nan"),
        -1,
        1e300,
        [],
    ],
)
def test_an_instant_that_cannot_be_is_no_instant_and_costs_no_other_alert(tmp_path, start):
    body = json.dumps({"alerts": [alert_at(start), alert_at("2026-11-28T19:00:00Z", "good")]}).encode()
    events, status = stored(tmp_path, body)
    by_name = {event.fact.alert: event for event in events}
    assert status == 200
    assert by_name["a"].occurred_at is None
    assert "its receipt counts" in by_name["a"].fact.doubt
    assert by_name["good"].occurred_at == parse_instant("2026-11-28T19:00:00Z")
    assert by_name["good"].fact.doubt == ""


def test_an_end_that_cannot_be_resolves_the_alert_at_its_receipt(tmp_path):
    end = "9999-12-31T23:59:59.9999999Z"
    body = json.dumps({"alerts": [alert_at("2026-11-28T19:00:00Z", status="resolved", endsAt=end)]}).encode()
    ((event,), status) = stored(tmp_path, body)
    assert (status, event.occurred_at) == (200, None)
    assert end in event.fact.doubt


@pytest.mark.parametrize(
    "element",
    [
        alert_at("2026-11-28T19:00:00Z", annotations={"summary": "rate is high \ud83d"}),
        alert_at("2026-11-28T19:00:00Z", "high \udc00"),
        alert_at("2026-11-28T19:00:00Z", fingerprint="\ud83d"),
        alert_at("2026-11-28T19:00:00Z", labels={"alertname": "a", "\ud83d": "\ud83d"}),
        alert_at("2026-11-28T19:00:00Z", generatorURL="http://\ud83d"),
        alert_at("2026-11-28T19:00:00Z", status="\ud83d"),
        alert_at("\ud83d"),
    ],
)
def test_half_a_character_is_replaced_at_the_door(tmp_path, element):
    events, status = stored(tmp_path, json.dumps({"alerts": [element]}).encode())
    assert status in (200, 202)
    assert events
    assert repr(events).encode()
    assert "\ufffd" in repr(events) or "\\ufffd" in repr(events)


def test_alerts_that_the_sender_left_out_are_recorded(tmp_path):
    body = json.dumps({"truncatedAlerts": 12, "alerts": [alert_at("2026-11-28T19:00:00Z")]}).encode()
    events, status = stored(tmp_path, body)
    (left_out,) = [event.fact for event in events if isinstance(event.fact, ev.SignalRejected)]
    assert (status, left_out.left_out) == (200, 12)
    assert "12 alerts" in left_out.reason


def test_who_acknowledged_is_kept(tmp_path):
    body = json.dumps({"alert": "a", "status": "acknowledged", "by": "bot-paging"}).encode()
    ((event,), _) = stored(tmp_path, body, system="generic")
    assert event.by == "bot-paging"


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


def test_a_secret_that_is_not_there_is_named_and_nothing_keeps_listening(tmp_path):
    def missing(_secret):
        raise NotReady("the variable PAGER is not set")

    pager = hook()

    async def main():
        receiving = Receiver(
            drill=D, clock=SystemClock(), integrations=[hook(secret=False), pager], reveal=missing
        )
        with pytest.raises(NotReady, match="PAGER is not set"):
            await receiving.start(lambda _: None)

    asyncio.run(main())
    socket.create_server(("127.0.0.1", pager.listen.port)).close()


def test_it_describes_its_sources_without_anything_secret():
    poll = Integration(
        name="am", kind="alertmanager", poll="http://ada:hidden@am:9093/x?filter=a", secret=Secret("env:A")
    )
    shop = Integration(name="shop", kind="shop", url="http://ada:hidden@127.0.0.1:1/receivers")
    metrics = Integration(name="metrics", kind="prometheus", url="http://prometheus")
    receiving = Receiver(drill=D, clock=SystemClock(), integrations=[pager := hook(), poll, shop, metrics])
    assert receiving.sources == (
        "registered at http://127.0.0.1:1/receivers",
        f"pager listens at {pager.listen}: send to http://{pager.listen}/hooks/pager, with its bearer token",
        "am reads http://am:9093/x every 2 s",
    )


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
