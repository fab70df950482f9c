"""What is taken at a fixed address, from whom, and what is refused."""

from __future__ import annotations

import asyncio
import json
import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId
from gameday.formats.settings import listen
from gameday.formats.settings.reader import Integration, Secret
from gameday.signals.inbox import hooks
from gameday.signals.inbox.hooks import Doors
from gameday.system import processes
from tests import ports
from tests.signals.listening import SECRET, hook, listening, post

FIRING = json.dumps(
    {"alerts": [{"status": "firing", "labels": {"alertname": "a"}, "fingerprint": "f1"}]}
).encode()


def test_the_senders_token_opens_the_path_of_its_name_and_no_other(tmp_path):
    with listening(tmp_path, hook()) as to:
        assert to.url.endswith("/hooks/pager")
        assert post(to.url, FIRING)[0] == 200
        assert post(to.url + "/", FIRING)[0] == 200
        for path in ("/hooks/page", "/hooks/pager/x", "/hooks/PAGER", "/hooks", "/", "/hooks/%ff", "/pager"):
            assert post(to.url.replace("/hooks/pager", path), FIRING)[0] == 404
        assert [fact.alert for fact in to.facts(ev.AlertFired)] == ["a"]
        assert to.facts(ev.SignalRejected) == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_alerts_are_sent_by_post(tmp_path, method):
    with listening(tmp_path, hook()) as to:
        status, headers, _ = post(to.url, FIRING, method=method)
        assert (status, headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {SECRET}x"},
        {"Authorization": f"Bearer {SECRET[:-1]}"},
        {"Authorization": f"Basic {SECRET}"},
        {"Authorization": SECRET},
        {"Authorization": "Bearer \xe4\xf6"},
    ],
)
def test_an_origin_that_is_not_proven_is_refused_before_its_body_is_read(tmp_path, headers):
    with listening(tmp_path, hook()) as to:
        for _ in range(3):
            status, answered, body = post(to.url, FIRING, token=None, headers=headers)
            assert (status, answered["www-authenticate"]) == (401, "Bearer")
        (refused,) = to.facts(ev.SignalRejected)  # one a minute, not one a try
        assert refused.system == "pager"
        assert to.facts(ev.AlertFired) == []
        assert SECRET not in refused.reason + refused.excerpt + body.decode()


def test_the_scheme_is_read_in_any_case(tmp_path):
    with listening(tmp_path, hook()) as to:
        assert post(to.url, FIRING, token=None, headers={"Authorization": f"bearer  {SECRET} "})[0] == 200


@given(token=st.binary(max_size=60))
def test_no_other_token_is_ever_proven(token):
    prove = hooks.bearer(SECRET)
    assert bool(prove([(b"authorization", b"Bearer " + token)])) == (token.strip() != SECRET.encode())


def test_two_proofs_are_none():
    right = (b"authorization", f"Bearer {SECRET}".encode())
    assert hooks.bearer(SECRET)([right]) == ""
    assert hooks.bearer(SECRET)([right, right])
    assert hooks.bearer(SECRET)([right, (b"authorization", b"Bearer x")])


def test_without_a_secret_any_process_of_this_machine_may_send_but_no_web_page(tmp_path):
    with listening(tmp_path, hook(secret=False)) as to:
        assert post(to.url, FIRING, token=None)[0] == 200
        for header in ("Origin", "Sec-Fetch-Site"):
            assert post(to.url, FIRING, token=None, headers={header: "http://example.com"})[0] == 401
        (refused,) = to.facts(ev.SignalRejected)
        assert "a web page" in refused.reason


def test_a_secret_that_is_empty_is_no_secret(tmp_path):
    with (
        pytest.raises(NotReady, match="the secret of the integration pager is empty"),
        listening(tmp_path, hook(), secret=" \n"),
    ):
        pass


def test_integrations_at_one_address_each_have_their_path_and_parser(tmp_path):
    port = ports.free()
    with listening(tmp_path, hook("am", port=port), hook("other", kind="generic", port=port)) as to:
        assert post(to.urls["am"], FIRING)[0] == 200
        assert post(to.urls["other"], b'{"alert": "b"}')[0] == 200
        assert {event.source: event.fact.alert for event in to.events()} == {
            "alertmanager": "a",
            "generic": "b",
        }


def test_a_game_day_and_its_drill_listen_at_the_same_address_and_both_receive(tmp_path):
    doors, integration = Doors(), hook()
    with listening(tmp_path, integration, doors=doors, drill=DrillId("game-day")) as day:
        assert post(day.url, FIRING)[0] == 200
    assert [event.drill for event in day.events()] == ["game-day"]

    async def main() -> list[int]:
        both = [_receiver(integration, doors, took) for took in (first, second)]
        for each, took in zip(both, (first, second), strict=True):
            await each.start(took.extend)
        answers = [(await asyncio.to_thread(post, url, FIRING))[0] for url in (url_of(integration),)]
        await both[1].stop()
        answers += [(await asyncio.to_thread(post, url_of(integration), FIRING))[0]]
        await both[0].stop()
        return answers

    first: list[ev.Event] = []
    second: list[ev.Event] = []
    assert asyncio.run(main()) == [200, 200]
    assert (len(first), len(second)) == (2, 1)
    socket.create_server(("127.0.0.1", integration.listen.port)).close()  # nothing keeps it


def url_of(integration: Integration) -> str:
    return f"http://{integration.listen}/hooks/{integration.name}"


def _receiver(integration, doors, took):
    from gameday.signals.receiver import Receiver  # noqa: PLC0415
    from gameday.system.clock import SystemClock  # noqa: PLC0415

    name = DrillId(f"drill-{id(took)}")
    return Receiver(
        drill=name, clock=SystemClock(), integrations=[integration], reveal=lambda _: SECRET, doors=doors
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_an_address_that_is_taken_is_not_ready_with_words(tmp_path, host):
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"{host}:{other.getsockname()[1]}"
        taken = Integration(
            name="pager", kind="alertmanager", listen=listen.parse(address), secret=Secret("env:PAGER")
        )
        words = f"nothing can listen at {address}: it is taken, by another drill"
        with pytest.raises(NotReady, match=words) as found, listening(tmp_path, taken):
            pass
    assert "two drills at once need two addresses" in found.value.hint


@pytest.mark.parametrize("address", ["192.0.2.1:9099", "no-such-host.invalid:9099"])
def test_an_address_that_this_machine_does_not_have_is_not_ready(address):
    with pytest.raises(NotReady, match="nothing can listen at"):
        hooks.bind(listen.parse(address))


def test_this_machine_has_an_address_that_is_no_wildcard():
    found = hooks.own_address()
    if found != processes.hostname():
        assert not ip_address(found).is_unspecified


def test_without_a_route_it_is_the_name_of_the_host(monkeypatch):
    monkeypatch.setattr(hooks, "ELSEWHERE", ("not an address", 9))
    assert hooks.own_address() == processes.hostname()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_all_addresses_of_ipv6_are_those_of_ipv4_too():
    address = listen.parse(f"[::]:{ports.free()}")
    with hooks.bind(address), socket.create_connection(("127.0.0.1", address.port), timeout=5):
        pass
