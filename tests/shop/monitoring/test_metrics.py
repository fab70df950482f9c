"""Samples are read, written and turned into measures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, generate_latest

from gameday.core.values import Instant
from gameday.shop.monitoring import metrics
from gameday.shop.monitoring.metrics import Snapshot

NAMES = st.from_regex(r"[a-z][a-z_]{0,7}", fullmatch=True)  # Prometheus reserves labels that begin with __
LABELS = st.dictionaries(NAMES, st.from_regex(r"[a-z0-9/ .\"\\\\-]{0,8}", fullmatch=True), max_size=3)
SAMPLES = st.dictionaries(
    st.tuples(NAMES, LABELS.map(lambda labels: tuple(sorted(labels.items())))),
    st.integers(0, 10**5).map(float),
)


def edge(at: float, *, fast: int, slow: int, failed: int = 0) -> Snapshot:
    """A snapshot in which so many requests took up to 100 ms, up to 500 ms, or failed."""
    name, label = "envoy_http_downstream_rq_time_bucket", (metrics.EDGE_LABEL, "edge")
    cumulative = {"100": fast, "500": fast + slow, "+Inf": fast + slow}
    samples = {(name, (label, ("le", le))): float(count) for le, count in cumulative.items()}
    xx = (label, ("envoy_response_code_class", "5"))
    return Snapshot(
        at=Instant(at), samples=samples | {("envoy_http_downstream_rq_xx", tuple(sorted(xx))): failed}
    )


def measure(before: Snapshot, after: Snapshot) -> dict[str, float | None]:
    return metrics.measures(before, after, wanted=2, up=2)


@given(SAMPLES)
def test_samples_are_read_as_they_were_written(samples):
    assert metrics.parse(metrics.expose(samples)) == samples


def test_what_prometheus_own_client_writes_is_read():
    registry = CollectorRegistry()
    Counter("shop_requests", "Requests.", ["route"], registry=registry).labels("/login").inc(3)
    samples = metrics.parse(generate_latest(registry).decode(), replica="api-1")
    assert samples["shop_requests_total", (("replica", "api-1"), ("route", "/login"))] == 3


@given(SAMPLES, SAMPLES)
def test_an_increase_is_never_negative(before, after):
    assert all(value >= 0 for value in metrics.increase(before, after).values())


def test_a_counter_that_began_again_counts_from_nothing():
    assert metrics.increase({("n", ()): 100.0}, {("n", ()): 7.0}) == {("n", ()): 7.0}


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_quantile_is_never_lower(counts, one, other):
    total, buckets = 0, []
    for place, count in enumerate(counts):
        total += count
        buckets.append((float(place + 1), float(total)))
    low, high = (metrics.quantile(share, buckets) for share in sorted((one, other)))
    assert (low is None) == (high is None) == (total == 0)
    assert low is None or high is None or low <= high <= len(counts)


def test_the_p95_is_of_the_time_between_the_snapshots_only():
    healthy, slow = edge(0, fast=1000, slow=0), edge(5, fast=1000, slow=100)
    assert measure(edge(-5, fast=0, slow=0), healthy)["edge_p95_seconds"] == pytest.approx(0.095)
    assert measure(healthy, slow)["edge_p95_seconds"] == pytest.approx(0.48)


def test_too_few_requests_are_no_judgement():
    seen = measure(edge(0, fast=0, slow=0), edge(5, fast=0, slow=19, failed=19))
    assert seen["edge_p95_seconds"] is None
    assert seen["edge_error_ratio"] is None


def test_errors_at_the_edge_are_a_share_of_its_requests():
    assert measure(edge(0, fast=0, slow=0), edge(5, fast=80, slow=20, failed=25))["edge_error_ratio"] == 0.25


def test_the_window_begins_at_the_newest_snapshot_that_is_old_enough():
    kept = [edge(at, fast=0, slow=0) for at in (0, 1, 2, 3)]
    assert metrics.window(kept, Instant(3), 2) is kept[1]
    assert metrics.window(kept[2:], Instant(3), 5) is kept[2]
    assert metrics.window([], Instant(3), 5) is None


def test_text_that_is_not_metrics_is_refused():
    with pytest.raises(ValueError, match="could not convert"):
        metrics.parse("Internal Server Error, {")


def test_envoys_counters_keep_their_names():
    text = '# TYPE envoy_http_downstream_rq_xx counter\nenvoy_http_downstream_rq_xx{c="5"} 2\n'
    assert metrics.parse(text) == {("envoy_http_downstream_rq_xx", (("c", "5"),)): 2.0}
