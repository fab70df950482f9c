"""Whether an integration could be used now: said with where to send to, and without anything secret."""

from __future__ import annotations

import socket

import pytest

from gameday.core.errors import NotReady
from gameday.formats.settings import listen
from gameday.formats.settings.reader import Integration, Secret
from gameday.signals import reachability
from gameday.signals.inbox import hooks
from tests import ports
from tests.signals.listening import SECRET, hook
from tests.signals.test_incidents import alertmanager


def look(integration: Integration, reveal=lambda _: SECRET) -> list[tuple[bool, str]]:
    return [(each.well, each.detail) for each in reachability.look(integration, reveal)]


def test_an_address_is_free_or_taken_and_the_url_to_send_to_is_given():
    pager = hook()
    url = f"http://{pager.listen}/hooks/pager"
    free = f"listens at {pager.listen} while a drill is on; send to {url}; the address is free"
    assert look(pager) == [(True, free)]
    with socket.create_server(("127.0.0.1", pager.listen.port)):
        ((well, detail),) = look(pager)
    assert not well
    assert f"nothing can listen at {pager.listen}: it is taken" in detail


def test_of_an_address_for_all_the_url_names_one_that_other_hosts_reach():
    everywhere = Integration(
        name="pager",
        kind="alertmanager",
        listen=listen.parse(f"0.0.0.0:{ports.free()}"),
        secret=Secret("env:P"),
    )
    ((_, detail),) = look(everywhere)
    assert f"send to http://{hooks.own_address()}:{everywhere.listen.port}/hooks/pager" in detail


@pytest.mark.parametrize(
    ("integration", "body", "answers"),
    [
        ({"kind": "alertmanager", "poll": "URL"}, b"[]", True),
        ({"kind": "alertmanager", "poll": "URL"}, b"{}", False),
        (
            {"kind": "prometheus", "url": "URL"},
            b'{"status":"success","data":{"resultType":"vector","result":[]}}',
            True,
        ),
        ({"kind": "prometheus", "url": "URL"}, b"<html>", False),
        ({"kind": "shop", "url": "URL"}, b"any", True),
    ],
)
def test_what_is_asked_answers_or_it_is_said_why_not(integration, body, answers):
    with alertmanager(body) as (url, _):
        hidden = url.replace("http://", "http://ada:hidden@")
        given = {key: value.replace("URL", hidden) for key, value in integration.items()}
        ((well, detail),) = look(Integration(name="am", **given))
    assert well is answers
    assert detail.endswith("; it answers") is answers
    assert "hidden" not in detail
    ((well, detail),) = look(Integration(name="am", **given))
    assert (well, "; no answer: " in detail) == (False, True)


def test_a_secret_that_is_not_there_is_the_first_thing_to_be_named():
    def missing(_secret):
        raise NotReady("the variable PAGER is not set", hint="set it")

    assert look(hook(), missing) == [(False, "the variable PAGER is not set")]
