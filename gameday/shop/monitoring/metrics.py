"""Read Prometheus samples and compute the few measures that alert rules may name.

A measure is None where there were too few requests to judge. Pure. The quantile is interpolated within its
bucket, as Prometheus' histogram_quantile does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from gameday.core.values import Instant, Seconds

Labels = tuple[tuple[str, str], ...]
Samples = dict[tuple[str, Labels], float]

EDGE_LABEL = "envoy_http_conn_manager_prefix"
MIN_REQUESTS = 20
MIN_LOGINS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """All counters at one instant."""

    at: Instant
    samples: Samples


def parse(text: str, **extra: str) -> Samples:
    """Read an exposition; `extra` labels are added to each sample. Raises ValueError for malformed text."""
    # Without their TYPE lines, samples keep the names that they have in the text: the parser would add
    # `_total` to those of Envoy's counters that lack it.
    samples = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return {
        (sample.name, tuple(sorted((sample.labels | extra).items()))): sample.value
        for family in text_string_to_metric_families(f"{samples}\n")
        for sample in family.samples
    }


class _Collected(Collector):
    """Samples as a registry's collector gives them."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def collect(self) -> Iterable[Metric]:
        """Give one untyped family for each name."""
        families: dict[str, Metric] = {}
        for (name, labels), value in sorted(self._samples.items()):
            family = families.setdefault(name, Metric(name, "", "untyped"))
            family.add_sample(name, dict(labels), value)
        return families.values()


def expose(samples: Samples) -> str:
    """Write samples in Prometheus' text format, untyped."""
    registry = CollectorRegistry()
    registry.register(_Collected(samples))
    return generate_latest(registry).decode()


def increase(before: Samples, after: Samples) -> Samples:
    """Compute how much each counter grew; one that fell was reset to 0 in between."""
    grown = {}
    for key, value in after.items():
        old = before.get(key, 0.0)
        grown[key] = value - old if value >= old else value
    return grown


def total(samples: Samples, name: str, **labels: str) -> float:
    """Add up the samples of a name whose labels begin with the given texts."""
    return sum(
        value for (key, have), value in samples.items() if key == name and _matches(dict(have), labels)
    )


def _matches(have: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    # By prefix, so that status "5" stands for all of 5xx.
    return all(have.get(label, "").startswith(text) for label, text in wanted.items())


def quantile(share: float, buckets: Sequence[tuple[float, float]]) -> float | None:
    """Estimate a quantile from cumulative buckets (upper bound, count), or None when they are empty."""
    if not buckets or buckets[-1][1] <= 0:
        return None
    rank, lower, below = share * buckets[-1][1], 0.0, 0.0
    for bound, count in buckets:
        if count >= rank and count > below:
            if bound == float("inf"):
                return lower
            return lower + (bound - lower) * (rank - below) / (count - below)
        lower, below = bound, count
    return lower


def _edge_buckets(samples: Samples) -> list[tuple[float, float]]:
    name = "envoy_http_downstream_rq_time_bucket"
    return sorted(
        (float(dict(labels)["le"]), value)
        for (key, labels), value in samples.items()
        if key == name and dict(labels).get(EDGE_LABEL) == "edge"
    )


def measures(before: Snapshot, after: Snapshot, *, wanted: int, up: int) -> dict[str, float | None]:
    """Compute the measures that rules may name, over the time between two snapshots.

    edge_p95_seconds, edge_error_ratio (5xx at the edge), edge_requests_per_second,
    login_failure_ratio (5xx at the replicas), replicas_missing.
    """
    grown = increase(before.samples, after.samples)
    buckets = _edge_buckets(grown)
    requests = buckets[-1][1] if buckets else 0.0
    enough = requests >= MIN_REQUESTS
    p95 = quantile(0.95, buckets) if enough else None
    errors = total(
        grown, "envoy_http_downstream_rq_xx", envoy_response_code_class="5", **{EDGE_LABEL: "edge"}
    )
    logins = total(grown, "shop_requests_total", route="/login")
    failed = total(grown, "shop_requests_total", route="/login", status="5")
    return {
        "edge_p95_seconds": None if p95 is None else p95 / 1000,
        "edge_error_ratio": errors / requests if enough else None,
        # The first snapshot is compared with itself.
        "edge_requests_per_second": requests / max(after.at - before.at, 0.001),
        "login_failure_ratio": failed / logins if logins >= MIN_LOGINS else None,
        "replicas_missing": float(wanted - up),
    }


def window(snapshots: Iterable[Snapshot], now: Instant, seconds: Seconds) -> Snapshot | None:
    """Find the newest snapshot that is at least `seconds` old, else the oldest."""
    old = None
    for snapshot in snapshots:
        # Shortly after the start none is old enough: then the oldest has to do.
        if old is None or snapshot.at <= now - seconds:
            old = snapshot
    return old
