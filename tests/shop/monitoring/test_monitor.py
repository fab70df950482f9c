"""The monitor notifies receivers of what fires and what is resolved, and goes on when they fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

import pytest

from gameday.core.values import parse_instant
from gameday.shop import client, faults
from tests.shop import conftest
from tests.shop.conftest import RunningShop
from tests.shop.monitoring.receiving import Receiver

wait_for = partial(conftest.wait_for, within=30)  # a rule looks once a second, and waits for two


@pytest.fixture
def receiver(shop: RunningShop) -> Iterator[Receiver]:
    receiver = Receiver()
    client.post("/receivers", {"url": receiver.url})
    yield receiver
    client.delete("/receivers", {"url": receiver.url})
    receiver.close()
    faults.revive_replicas()
    wait_for(lambda: not shop.status["alerts"])


def test_a_dead_replica_fires_and_its_restart_resolves(shop: RunningShop, receiver: Receiver):
    faults.kill_replica()
    wait_for(lambda: receiver.alerts("ReplicaDown"))
    faults.revive_replicas()
    wait_for(lambda: len(receiver.alerts("ReplicaDown")) == 2)
    firing, resolved = receiver.alerts("ReplicaDown")
    assert (firing["status"], firing["endsAt"]) == ("firing", "0001-01-01T00:00:00Z")
    assert firing["labels"]["severity"] == "P3"
    assert resolved["status"] == "resolved"
    assert resolved["startsAt"] == firing["startsAt"]
    assert resolved["fingerprint"] == firing["fingerprint"]
    condition = parse_instant(firing["annotations"]["condition_since"])
    assert condition < parse_instant(firing["startsAt"]) < parse_instant(resolved["endsAt"])


def test_a_receiver_that_fails_gets_the_alert_when_it_is_healthy_again(shop: RunningShop, receiver: Receiver):
    receiver.failures = 3
    faults.kill_replica()
    wait_for(lambda: receiver.alerts("ReplicaDown"))
    assert receiver.failures == 0
    assert len(receiver.alerts("ReplicaDown")) == 1


def test_a_late_receiver_gets_what_fires_already(shop: RunningShop, receiver: Receiver):
    faults.kill_replica()
    wait_for(lambda: receiver.alerts("ReplicaDown"))
    late = Receiver()
    client.post("/receivers", {"url": late.url})
    wait_for(lambda: late.alerts("ReplicaDown"))
    client.delete("/receivers", {"url": late.url})
    assert shop.status["receivers"] == [receiver.url]
    late.close()


def test_failing_logins_fire_p1(shop: RunningShop, receiver: Receiver):
    faults.deploy_release("42-sessions")

    def fires() -> bool:
        shop.login()
        return bool(receiver.alerts("LoginFailures"))

    wait_for(fires)
    assert receiver.alerts("LoginFailures")[0]["labels"]["severity"] == "P1"
    faults.undeploy_release("42-sessions")


def test_metrics_are_prometheus_text_with_replicas_and_edge(shop: RunningShop):
    shop.login()
    wait_for(lambda: "shop_requests_total{" in client.text("/metrics"))
    text = client.text("/metrics")
    assert "shop_replicas_wanted 2" in text
    assert 'envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix="edge"}' in text


def test_the_heartbeat_goes_on(shop: RunningShop):
    first = client.get("/heartbeat")["evaluated_at"]
    wait_for(lambda: client.get("/heartbeat")["evaluated_at"] > first)


def test_logs_are_json_lines_in_order(shop: RunningShop):
    lines = [json.loads(line) for line in client.text("/logs?lines=30").splitlines()]
    assert lines
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert all("event" in line for line in lines)
