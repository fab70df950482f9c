"""Each lever does to users what it says."""

from __future__ import annotations

import pytest

from gameday.core.errors import UsageError
from gameday.shop import client, mitigations
from tests.shop.conftest import RunningShop, quickest


@pytest.fixture(autouse=True)
def as_it_came_up(shop: RunningShop):
    yield
    mitigations.reset()


def seconds(shop: RunningShop) -> float:
    """What a look at a category takes."""
    return quickest(lambda: shop.ask("GET", "/products?category=3")).seconds


def test_users_browse_fill_a_cart_pay_and_log_in(shop: RunningShop):
    assert len(shop.ask("GET", "/products?category=3").body["products"]) == 12
    assert shop.ask("POST", "/cart", {"cart": "c1", "product": 3, "quantity": 2}).status == 201
    paid = shop.ask("POST", "/checkout", {"cart": "c1"})
    assert paid.status == 201
    assert paid.body["paid"]
    assert paid.body["total"] == 2 * 5257
    assert "session" in shop.login().body


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/cart", {"cart": "c"}, 400),
        ("/cart", {"cart": "c", "product": -1}, 400),
        ("/cart", [], 400),
        ("/checkout", {}, 400),
        ("/login", {"user": "user1", "password": "wrong"}, 401),
        ("/nowhere", {}, 404),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(shop: RunningShop, path, body, status):
    assert shop.ask("POST", path, body).status == status


def test_a_flag_turns_the_slow_query_on_and_off(shop: RunningShop):
    before = seconds(shop)
    assert mitigations.flag("new-ranking", on=True)["changed"]
    slow = seconds(shop)
    assert not mitigations.flag("new-ranking", on=True)["changed"]
    mitigations.flag("new-ranking", on=False)
    assert slow > before + 0.04
    assert seconds(shop) < before + 0.03


def test_the_index_makes_the_query_fast_and_changes_no_answer(shop: RunningShop):
    mitigations.flag("new-ranking", on=True)
    slow = shop.ask("GET", "/products?category=3")
    mitigations.add_index("sales-by-category")
    fast = quickest(lambda: shop.ask("GET", "/products?category=3"))
    assert fast.seconds < slow.seconds - 0.03
    assert fast.body == slow.body
    assert shop.status["indexes"] == {"sales-by-category": True}


def test_an_open_breaker_does_without_recommendations(shop: RunningShop):
    mitigations.flag("new-ranking", on=True)
    assert shop.ask("GET", "/products?category=3").body["recommended"]
    mitigations.breaker("recommendations", open_=True)
    assert shop.ask("GET", "/products?category=3").body["recommended"] == []
    mitigations.breaker("recommendations", open_=False)
    assert shop.ask("GET", "/products?category=3").body["recommended"]


def test_an_open_breaker_takes_the_money_later(shop: RunningShop):
    mitigations.breaker("payments", open_=True)
    assert shop.ask("POST", "/checkout", {"cart": "c2"}).body["paid"] is False


def test_a_release_is_deployed_and_rolled_back(shop: RunningShop):
    mitigations.deploy("42-sessions")
    assert shop.ask("GET", "/").body["release"] == "42-sessions"
    assert shop.login().status == 500
    mitigations.rollback()
    assert shop.ask("GET", "/").body["release"] == "41"
    assert shop.login().status == 200


def test_a_restart_gives_a_new_process_and_loses_nothing(shop: RunningShop):
    before = {each["name"]: each["pid"] for each in shop.status["replicas"]}
    mitigations.restart("api-1")
    after = {each["name"]: each["pid"] for each in shop.status["replicas"]}
    assert after["api-1"] != before["api-1"]
    assert after["api-2"] == before["api-2"]
    assert shop.ask("GET", "/products").status == 200


def test_replicas_are_scaled_up_and_down(shop: RunningShop):
    mitigations.scale(3)
    assert [each["name"] for each in shop.status["replicas"]] == ["api-1", "api-2", "api-3"]
    mitigations.scale(1)
    assert [each["up"] for each in shop.status["replicas"]] == [True]
    assert all(shop.ask("GET", "/products").status == 200 for _ in range(4))


def test_a_rate_limit_lets_only_so_many_through(shop: RunningShop):
    mitigations.rate_limit(2)
    statuses = [shop.ask("GET", "/").status for _ in range(8)]
    assert statuses.count(429) >= 4
    mitigations.rate_limit(0)
    assert all(shop.ask("GET", "/").status == 200 for _ in range(8))


def test_a_blocked_address_is_refused_and_others_are_not(shop: RunningShop):
    mitigations.block("203.0.113.7")
    assert shop.ask("GET", "/", headers={"X-Forwarded-For": "203.0.113.7"}).status == 403
    assert shop.ask("GET", "/", headers={"X-Forwarded-For": "203.0.113.8"}).status == 200
    mitigations.unblock("203.0.113.7")
    assert shop.ask("GET", "/", headers={"X-Forwarded-For": "203.0.113.7"}).status == 200


def test_a_revoked_key_is_refused_and_others_are_not(shop: RunningShop):
    assert shop.ask("GET", "/products", headers={"X-Api-Key": "partner"}).status == 200
    mitigations.revoke_key("partner")
    assert shop.ask("GET", "/products", headers={"X-Api-Key": "partner"}).status == 401
    assert shop.ask("GET", "/products", headers={"X-Api-Key": "web"}).status == 200


@pytest.mark.parametrize(
    ("pull", "words"),
    [
        (
            lambda: mitigations.flag("old-ranking", on=True),
            "there is no flag 'old-ranking'; there are: new-ranking",
        ),
        (lambda: mitigations.deploy("43"), "there is no release '43'"),
        (mitigations.rollback, "there is no release before 41"),
        (lambda: mitigations.restart("api-9"), "there is no replica 'api-9'"),
        (lambda: mitigations.scale(0), "1 to 6 replicas"),
        (lambda: mitigations.add_index("other"), "there is no index 'other'"),
        (lambda: mitigations.breaker("door", open_=True), "there is no breaker 'door'"),
        (lambda: mitigations.rate_limit(-1), "not -1"),
        (lambda: mitigations.block("everybody"), "'everybody'"),
        (lambda: mitigations.revoke_key("mine"), "there is no API key 'mine'"),
        (lambda: mitigations.register("http://example.com/"), "on loopback"),
    ],
)
def test_a_lever_that_there_is_not_is_answered_with_those_that_there_are(shop: RunningShop, pull, words):
    before = client.get("/trail")
    with pytest.raises(UsageError, match=words):
        pull()
    assert client.get("/trail") == before


def test_the_trail_says_who_did_what_and_when(shop: RunningShop):
    last = client.get("/trail")["actions"][-1]["seq"]
    mitigations.flag("new-ranking", on=False)
    (action,) = client.get(f"/trail?after={last}")["actions"]
    assert (action["seq"], action["actor"], action["action"]) == (last + 1, "tester", "flag new-ranking off")
    assert action["at"].endswith("Z")


def test_a_reset_undoes_every_lever(shop: RunningShop):
    before = shop.status
    mitigations.deploy("42-ranking")
    mitigations.add_index("sales-by-category")
    mitigations.scale(1)
    mitigations.block("203.0.113.7")
    mitigations.revoke_key("web")
    mitigations.reset()
    after = shop.status
    changing = {"replicas", "alerts"}
    assert {key: after[key] for key in before.keys() - changing} == {
        key: before[key] for key in before.keys() - changing
    }
    assert len(after["replicas"]) == 2
