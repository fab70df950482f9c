"""The alerts of an Alertmanager that can't send them, as what its webhook would have sent."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.errors import NotReady, StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, Instant, format_instant
from gameday.signals.inbox import polling
from gameday.signals.inbox.intake import Intake, Source
from gameday.signals.inbox.polling import AlertmanagerPoll
from gameday.testing.clock import VirtualClock
from tests import ports

START = Instant(1_800_000_000.0)


class Manager:
    """What the API answers: alerts, and when the server started. Each is changed by the test."""

    def __init__(self) -> None:
        self.alerts: object = []
        self.uptime = START - 3600
        self.asked: list[tuple[str, str]] = []
        self.url = ""


@contextmanager
def managing() -> Iterator[Manager]:
    manager = Manager()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            manager.asked.append((self.path, self.headers.get("Authorization", "")))
            status = {"uptime": format_instant(Instant(manager.uptime))}
            answer = status if "/status" in self.path else manager.alerts
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    manager.url = f"http://127.0.0.1:{server.server_port}"
    yield manager
    server.shutdown()
    server.server_close()


def listed(name: str, state: str = "active", **more: object) -> dict:
    return {
        "labels": {"alertname": name},
        "fingerprint": f"f-{name}",
        "startsAt": format_instant(Instant(START - 10)),
        "endsAt": format_instant(Instant(START + 300)),
        "status": {"state": state, "silencedBy": [], "inhibitedBy": []},
        **more,
    }


class Watch:
    """A poll that the test makes look, and what it gave."""

    def __init__(self, manager: Manager, *, bearer: str = "", path: str = "") -> None:
        self.events: list[ev.Event] = []
        self.clock = VirtualClock(START)
        self.full = False
        source = Source(name="am", system="alertmanager")
        self.intake = Intake(drill=DrillId("d1"), clock=self.clock, receive=self.receive)
        self.poll = AlertmanagerPoll(
            source=source, url=manager.url + path, intake=self.intake, clock=self.clock, bearer=bearer
        )

    def receive(self, events) -> None:
        if self.full:
            raise StoreUnavailable("full")
        self.events.extend(events)

    def look(self) -> list[str]:
        """Look once, and give what is new: `+a` fired, `-a` resolved, `?` unreadable."""
        before = len(self.events)
        asyncio.run(self.poll._look())
        return [sign(event.fact) for event in self.events[before:]]


def sign(fact: ev.Fact) -> str:
    match fact:
        case ev.AlertFired(alert=alert):
            return f"+{alert}"
        case ev.AlertResolved(alert=alert):
            return f"-{alert}"
        case _:
            return "?"


def test_what_is_listed_fires_once_and_what_is_no_longer_listed_is_resolved():
    with managing() as manager:
        watch = Watch(manager)
        manager.alerts = [listed("a"), listed("b")]
        assert watch.look() == ["+a", "+b"]
        assert watch.look() == []
        manager.alerts = [listed("b")]
        assert watch.look() == ["-a"]
        manager.alerts = [listed("a"), listed("b")]
        assert watch.look() == ["+a"]
    first = watch.events[0]
    assert first.occurred_at == START - 10
    assert first.id == f"alertmanager:f-a@{listed('a')['startsAt']}:firing"
    (resolved,) = (event for event in watch.events if isinstance(event.fact, ev.AlertResolved))
    assert resolved.occurred_at is None  # nobody knows: its receipt counts


def test_a_silenced_alert_neither_fires_nor_is_resolved_by_that():
    with managing() as manager:
        watch = Watch(manager)
        manager.alerts = [listed("a", "suppressed"), listed("b"), listed("c", "unprocessed")]
        assert watch.look() == ["+b"]
        manager.alerts = [listed("a", "suppressed"), listed("b", "suppressed"), listed("c")]
        assert watch.look() == ["+c"]
        manager.alerts = [listed("a")]
        assert watch.look() == ["+a", "-b", "-c"]


def test_one_that_has_just_started_may_not_know_its_alerts_yet():
    with managing() as manager:
        watch = Watch(manager)
        manager.alerts = [listed("a")]
        assert watch.look() == ["+a"]
        manager.alerts, manager.uptime = [], START + 1
        assert watch.look() == []
        manager.alerts = [listed("a")]
        assert watch.look() == []
        manager.alerts = []
        watch.clock.advance(polling.RELEARN + 2)
        assert watch.look() == ["-a"]


def test_what_could_not_be_stored_is_found_again():
    with managing() as manager:
        watch = Watch(manager)
        manager.alerts, watch.full = [listed("a")], True
        with pytest.raises(StoreUnavailable):
            watch.look()
        watch.full = False
        assert watch.look() == ["+a"]


def test_what_can_not_be_read_is_recorded_when_it_changes_and_costs_nothing_else():
    with managing() as manager:
        watch = Watch(manager)
        manager.alerts = [{"labels": {}}, 7, listed("a")]
        assert watch.look() == ["+a", "?"]
        assert watch.look() == []
        manager.alerts = [listed("a"), None]
        assert watch.look() == ["?"]


def test_a_poll_is_a_heartbeat_and_so_is_no_other_thing():
    with managing() as manager:
        watch = Watch(manager)
        assert watch.intake.heartbeats == {}
        watch.look()
        assert watch.intake.heartbeats == {"am": START}
        watch.clock.advance(polling.BEAT / 2)
        watch.look()
        assert watch.intake.heartbeats == {"am": START}
        watch.clock.advance(polling.BEAT / 2)
        watch.look()
        assert watch.intake.heartbeats == {"am": START + polling.BEAT}


def test_the_url_may_have_a_prefix_a_filter_or_be_the_apis_and_the_token_goes_along():
    with managing() as manager:
        for path in ("", "/", "/am", '?filter=severity="critical"', "/am/api/v2/alerts"):
            Watch(manager, bearer="t0ken", path=path).look()
        assert [asked for asked, _ in manager.asked] == [
            "/api/v2/alerts",
            "/api/v2/alerts",
            "/am/api/v2/alerts",
            '/api/v2/alerts?filter=severity="critical"',
            "/am/api/v2/alerts",
        ]
        assert {token for _, token in manager.asked} == {"Bearer t0ken"}


@pytest.mark.parametrize("answer", [b"{}", b"<html>", b"[" * 50_000, b"\xff"])
def test_an_answer_of_another_form_is_not_ready_at_the_beginning(answer):
    with managing() as manager:
        manager.alerts = answer
        with pytest.raises(NotReady, match=r"the alerts of 127\.0\.0\.1:\d+ can't be read") as found:
            asyncio.run(Watch(manager).poll.begin())
        assert "check `poll` of the integration am" in found.value.hint


def test_one_that_is_away_is_not_ready_at_the_beginning_and_shows_no_password():
    manager = Manager()
    manager.url = f"http://ada:hidden@127.0.0.1:{ports.free()}"
    with pytest.raises(NotReady) as found:
        asyncio.run(Watch(manager, bearer="hidden").poll.begin())
    assert "hidden" not in found.value.message


def test_a_token_that_no_header_can_hold_is_not_shown():
    with managing() as manager, pytest.raises(NotReady) as found:
        asyncio.run(Watch(manager, bearer="hidden\nnext").poll.begin())
    assert "hidden" not in found.value.message


json_values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(
    elements=st.lists(
        json_values | st.fixed_dictionaries({"labels": json_values, "status": json_values}), max_size=4
    )
)
def test_whatever_is_listed_is_read_or_named_as_unread(elements):
    found = polling._Found(elements)
    assert found.active.keys() <= found.present
    assert len(found.present) + len(found.unread) <= len(elements)
