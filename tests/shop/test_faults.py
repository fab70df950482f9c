"""Each fault affects users as it says, its probe sees it, and its rollback undoes it, also twice."""

from __future__ import annotations

import pytest

from gameday.core.errors import GamedayError, NotReady
from gameday.shop import client, faults
from tests.shop.conftest import RunningShop, quickest, wait_for


@pytest.fixture(autouse=True)
def as_it_came_up(shop: RunningShop):
    yield
    client.perform("reset")
    faults.clear_edge()
    faults.revive_replicas()


def test_the_release_with_the_slow_query_affects_users_until_it_is_rolled_back(shop: RunningShop):
    faults.deploy_release("42-ranking")
    assert faults.release_is_exposed("42-ranking")
    assert not faults.p95_below(0.1)
    faults.undeploy_release("42-ranking")
    faults.undeploy_release("42-ranking")
    assert not faults.release_is_exposed("42-ranking")
    wait_for(lambda: faults.p95_below(0.1), within=30)  # a busy machine is slow now and then
    assert shop.status["release"] == "41"


@pytest.mark.parametrize(
    "fix",
    [
        lambda: client.perform("flag", name="new-ranking", on=False),
        lambda: client.perform("index-add", name="sales-by-category"),
        lambda: client.perform("breaker", name="recommendations", open=True),
        lambda: client.perform("rollback"),
    ],
)
def test_what_the_team_fixed_is_no_longer_exposed(shop: RunningShop, fix):
    faults.deploy_release("42-ranking")
    assert faults.release_is_exposed("42-ranking")
    fix()
    assert not faults.release_is_exposed("42-ranking")


def test_the_fault_affects_users_again_after_a_team_has_fixed_it(shop: RunningShop):
    faults.deploy_release("42-ranking")
    client.perform("index-add", name="sales-by-category")
    client.perform("flag", name="new-ranking", on=False)
    faults.deploy_release("42-ranking")
    assert faults.release_is_exposed("42-ranking")
    assert not faults.p95_below(0.1)


def test_a_rollback_gives_back_the_flags_of_the_release_before(shop: RunningShop):
    faults.deploy_release("42-ranking")
    client.perform("flag", name="new-ranking", on=False)
    faults.deploy_release("42-sessions")
    client.perform("rollback")
    assert shop.status["release"] == "42-ranking"
    assert shop.status["flags"] == {"new-ranking": False}


def test_the_release_with_the_missing_key_breaks_logins_and_nothing_else(shop: RunningShop):
    faults.deploy_release("42-sessions")
    assert faults.release_is_exposed("42-sessions")
    assert not faults.login_works()
    assert shop.ask("GET", "/products").status == 200
    assert "no secret named sessions-b" in client.text("/logs?lines=50")
    faults.undeploy_release("42-sessions")
    assert faults.login_works()


def test_a_killed_replica_stays_dead_until_it_is_revived(shop: RunningShop):
    faults.kill_replica()
    assert faults.a_replica_is_dead()
    assert not faults.shop_is_healthy()
    statuses = [shop.ask("GET", "/").status for _ in range(20)]
    assert 503 in statuses
    assert 200 in statuses
    faults.revive_replicas()
    faults.revive_replicas()
    assert not faults.a_replica_is_dead()
    assert faults.shop_is_healthy()


def test_a_delay_at_the_edge_hits_one_route_only(shop: RunningShop):
    faults.delay_at_edge(0.3, route="login")
    assert faults.edge_is_faulty("login")
    assert shop.login().seconds > 0.3
    assert quickest(lambda: shop.ask("GET", "/products")).seconds < 0.25
    faults.clear_edge("login")
    faults.clear_edge("login")
    assert quickest(shop.login).seconds < 0.25
    assert not faults.edge_is_faulty()


def test_an_abort_at_the_edge_hits_a_share_of_all_routes(shop: RunningShop):
    faults.abort_at_edge(50, status=502)
    statuses = [shop.ask("GET", "/products").status for _ in range(30)]
    assert 3 < statuses.count(502) < 27
    assert not faults.error_rate_below(5)
    faults.clear_edge()
    assert faults.error_rate_below(5)


def test_slow_payments_hold_up_checkouts_until_the_breaker_opens(shop: RunningShop):
    faults.slow_payments(0.5)
    assert faults.payments_are_slow()
    assert shop.ask("POST", "/checkout", {"cart": "c"}).seconds > 0.4
    client.perform("breaker", name="payments", open=True)
    assert not faults.payments_are_slow()
    assert quickest(lambda: shop.ask("POST", "/checkout", {"cart": "c"})).seconds < 0.3
    faults.restore_payments()
    client.perform("breaker", name="payments", open=False)
    assert not faults.payments_are_slow()


def test_what_an_experiment_does_is_reported_from_what_people_do(shop: RunningShop):
    faults.slow_payments(0.1)
    assert client.get("/trail")["actions"][-1]["actor"] == "fault:payments"


def test_without_a_shop_a_fault_says_where_it_looked(shop: RunningShop):
    with pytest.raises(NotReady, match=r"http://127\.0\.0\.1:9"):
        faults.kill_replica(control="http://127.0.0.1:9")


def test_a_probe_without_requests_is_refused(shop: RunningShop):
    with pytest.raises(GamedayError, match="at least one request"):
        faults.p95_below(0.1, requests=0)
