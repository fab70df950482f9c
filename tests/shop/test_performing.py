"""Each mitigation does to users what it says."""

from __future__ import annotations

import pytest

from gameday.core.errors import UsageError
from gameday.shop import client
from tests.shop.conftest import RunningShop, quickest


@pytest.fixture(autouse=True)
def as_it_came_up(shop: RunningShop):
    yield
    client.perform("reset")


def seconds(shop: RunningShop) -> float:
    """What a look at a category takes."""
    return quickest(lambda: shop.ask("GET", "/products?category=3")).seconds


def test_a_flag_turns_the_slow_query_on_and_off(shop: RunningShop):
    before = seconds(shop)
    assert client.perform("flag", name="new-ranking", on=True)["changed"]
    slow = seconds(shop)
    assert not client.perform("flag", name="new-ranking", on=True)["changed"]
    client.perform("flag", name="new-ranking", on=False)
    assert slow > before + 0.04
    assert seconds(shop) < before + 0.03


def test_the_index_makes_the_query_fast_and_changes_no_answer(shop: RunningShop):
    client.perform("flag", name="new-ranking", on=True)
    slow = shop.ask("GET", "/products?category=3")
    client.perform("index-add", name="sales-by-category")
    fast = quickest(lambda: shop.ask("GET", "/products?category=3"))
    assert fast.seconds < slow.seconds - 0.03
    assert fast.body == slow.body
    assert shop.status["indexes"] == {"sales-by-category": True}


def test_an_open_breaker_does_without_recommendations(shop: RunningShop):
    client.perform("flag", name="new-ranking", on=True)
    assert shop.ask("GET", "/products?category=3").body["recommended"]
    client.perform("breaker", name="recommendations", open=True)
    assert shop.ask("GET", "/products?category=3").body["recommended"] == []
    client.perform("breaker", name="recommendations", open=False)
    assert shop.ask("GET", "/products?category=3").body["recommended"]


def test_an_open_breaker_takes_the_money_later(shop: RunningShop):
    client.perform("breaker", name="payments", open=True)
    assert shop.ask("POST", "/checkout", {"cart": "c2"}).body["paid"] is False


def test_a_release_is_deployed_and_rolled_back(shop: RunningShop):
    client.perform("deploy", release="42-sessions")
    assert shop.ask("GET", "/").body["release"] == "42-sessions"
    assert shop.login().status == 500
    client.perform("rollback")
    assert shop.ask("GET", "/").body["release"] == "41"
    assert shop.login().status == 200


def test_a_restart_gives_a_new_process_and_loses_nothing(shop: RunningShop):
    before = {each["name"]: each["pid"] for each in shop.status["replicas"]}
    client.perform("restart", replica="api-1")
    after = {each["name"]: each["pid"] for each in shop.status["replicas"]}
    assert after["api-1"] != before["api-1"]
    assert after["api-2"] == before["api-2"]
    assert shop.ask("GET", "/products").status == 200


def test_replicas_are_scaled_up_and_down(shop: RunningShop):
    client.perform("scale", count=3)
    assert [each["name"] for each in shop.status["replicas"]] == ["api-1", "api-2", "api-3"]
    client.perform("scale", count=1)
    assert [each["up"] for each in shop.status["replicas"]] == [True]
    assert all(shop.ask("GET", "/products").status == 200 for _ in range(4))


def test_a_rate_limit_lets_only_so_many_through(shop: RunningShop):
    client.perform("rate-limit", limit=2)
    statuses = [shop.ask("GET", "/").status for _ in range(8)]
    assert statuses.count(429) >= 4
    client.perform("rate-limit", limit=0)
    assert all(shop.ask("GET", "/").status == 200 for _ in range(8))


def test_a_blocked_address_is_refused_and_others_are_not(shop: RunningShop):
    client.perform("block", address="203.0.113.7")
    assert shop.ask("GET", "/", headers={"X-Forwarded-For": "203.0.113.7"}).status == 403
    assert shop.ask("GET", "/", headers={"X-Forwarded-For": "203.0.113.8"}).status == 200
    client.perform("unblock", address="203.0.113.7")
    assert shop.ask("GET", "/", headers={"X-Forwarded-For": "203.0.113.7"}).status == 200


def test_a_revoked_key_is_refused_and_others_are_not(shop: RunningShop):
    assert shop.ask("GET", "/products", headers={"X-Api-Key": "partner"}).status == 200
    client.perform("revoke-key", key="partner")
    assert shop.ask("GET", "/products", headers={"X-Api-Key": "partner"}).status == 401
    assert shop.ask("GET", "/products", headers={"X-Api-Key": "web"}).status == 200


@pytest.mark.parametrize(
    ("pull", "words"),
    [
        (
            lambda: client.perform("flag", name="old-ranking", on=True),
            "there is no flag 'old-ranking'; choose from: new-ranking",
        ),
        (lambda: client.perform("deploy", release="43"), "there is no release '43'"),
        (lambda: client.perform("rollback"), "there is no release before 41"),
        (lambda: client.perform("restart", replica="api-9"), "there is no replica 'api-9'"),
        (lambda: client.perform("scale", count=0), "1 to 6 replicas"),
        (lambda: client.perform("index-add", name="other"), "there is no index 'other'"),
        (lambda: client.perform("breaker", name="door", open=True), "there is no breaker 'door'"),
        (lambda: client.perform("rate-limit", limit=-1), "not -1"),
        (lambda: client.perform("block", address="everybody"), "'everybody'"),
        (lambda: client.perform("revoke-key", key="mine"), "there is no API key 'mine'"),
        (lambda: client.post("/receivers", {"url": "http://example.com/"}), "on loopback"),
    ],
)
def test_an_unknown_name_is_refused_with_the_known_ones(shop: RunningShop, pull, words):
    before = client.get("/trail")
    with pytest.raises(UsageError, match=words):
        pull()
    assert client.get("/trail") == before


def test_the_trail_says_who_did_what_and_when(shop: RunningShop):
    last = client.get("/trail")["actions"][-1]["seq"]
    client.perform("flag", name="new-ranking", on=False)
    (action,) = client.get(f"/trail?after={last}")["actions"]
    assert (action["seq"], action["actor"], action["action"]) == (last + 1, "tester", "flag new-ranking off")
    assert action["at"].endswith("Z")


def test_a_reset_undoes_every_mitigation(shop: RunningShop):
    before = shop.status
    client.perform("deploy", release="42-ranking")
    client.perform("index-add", name="sales-by-category")
    client.perform("scale", count=1)
    client.perform("block", address="203.0.113.7")
    client.perform("revoke-key", key="web")
    client.perform("reset")
    after = shop.status
    changing = {"replicas", "alerts"}
    assert {key: after[key] for key in before.keys() - changing} == {
        key: before[key] for key in before.keys() - changing
    }
    assert len(after["replicas"]) == 2
