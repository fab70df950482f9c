"""Envoy's configuration says what the settings say."""

from __future__ import annotations

from urllib.parse import parse_qs

from gameday.shop import settings
from gameday.shop.edge import envoy_config
from gameday.shop.settings import EdgeFault, Settings


def host(now: Settings) -> dict:
    return envoy_config.routes(now, 1)["resources"][0]["virtual_hosts"][0]


def test_without_limits_nothing_is_limited():
    assert host(Settings())["typed_per_filter_config"] == {}


def test_blocked_addresses_of_both_families_are_whole_addresses():
    now = settings.with_blocked(settings.with_blocked(Settings(), "203.0.113.7", True), "2001:db8::1", True)
    rules = host(now)["typed_per_filter_config"]["blocked"]["rbac"]["rules"]
    principals = rules["policies"]["blocked"]["principals"]
    assert {each["remote_ip"]["prefix_len"] for each in principals} == {32, 128}


def test_a_rate_limit_fills_its_bucket_each_second():
    limit = host(settings.with_rate_limit(Settings(), 7))["typed_per_filter_config"]["rate-limit"]
    assert limit["token_bucket"] == {"max_tokens": 7, "tokens_per_fill": 7, "fill_interval": "1s"}


def test_the_runtime_names_every_route_so_that_old_faults_end():
    query = parse_qs(envoy_config.runtime({"login": EdgeFault(delay=0.25, delay_percent=40)}))
    assert query["shop.login.delay_ms"] == ["250"]
    assert query["shop.login.delay_percent"] == ["40"]
    assert query["shop.checkout.abort_percent"] == ["0"]


def test_the_binary_of_the_wheel_is_found():
    assert envoy_config.envoy().is_file()
