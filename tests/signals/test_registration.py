"""Registering with an environment's monitor, over real HTTP."""

import pytest

from gameday.core.errors import NotReady
from gameday.signals import registration

OURS = "http://127.0.0.1:1/"


def test_a_receiver_is_registered_and_taken_back(monitor):
    registry, asked = monitor
    registration.register(registry, OURS)
    assert registration.unregister(registry, OURS)
    assert asked == [("POST", OURS), ("DELETE", OURS)]


def test_a_refusal_names_the_status_and_where_to_look(monitor):
    with pytest.raises(NotReady, match="answers 403") as refused:
        registration.register(f"{monitor[0]}/refuse", OURS)
    assert "gameday.toml" in refused.value.hint


def test_taking_back_never_fails_whatever_became_of_the_monitor(monitor):
    assert not registration.unregister(f"{monitor[0]}/refuse", OURS)
    assert not registration.unregister("http://127.0.0.1:1/receivers", OURS)
    assert not registration.unregister("ftp://x/y", OURS)


def test_a_registry_that_is_no_url_is_named():
    with pytest.raises(NotReady, match="'ftp://x/y' is not"):
        registration.register("ftp://x/y", "http://127.0.0.1:1/")
