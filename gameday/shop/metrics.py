"""Prometheus samples as values, and the few figures that the alert rules judge.

Comes in: text in Prometheus' format, one snapshot a second. Goes out: measures over a window, or None
where too little was seen to say. Pure.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/. The quantile is interpolated
within its bucket, as Prometheus' histogram_quantile does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gameday.core.values import Instant, Seconds

Labels = tuple[tuple[str, str], ...]
Samples = dict[tuple[str, Labels], float]

EDGE = "envoy_http_conn_manager_prefix"
FEWEST_REQUESTS = 20
FEWEST_LOGINS = 3

_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """All counters at one instant."""

    at: Instant
    samples: Samples


def parse(text: str, **extra: str) -> Samples:
    """Read an exposition; `extra` labels are added to each sample."""
    samples: Samples = {}
    for line in text.splitlines():
        found = None if line.startswith("#") else _SAMPLE.match(line)
        if found:
            labels = dict(_LABEL.findall(found[2] or "")) | extra
            samples[found[1], tuple(sorted(labels.items()))] = float(found[3])
    return samples


def expose(samples: Samples) -> str:
    """Write samples in Prometheus' text format, untyped."""
    lines = []
    for (name, labels), value in sorted(samples.items()):
        inside = ",".join(f'{label}="{text}"' for label, text in labels)
        lines.append(f"{name}{{{inside}}} {value:g}" if inside else f"{name} {value:g}")
    return "\n".join(lines) + "\n"


def increase(before: Samples, after: Samples) -> Samples:
    """Give how much each counter grew; one that fell began again at nothing."""
    grown = {}
    for key, value in after.items():
        old = before.get(key, 0.0)
        grown[key] = value - old if value >= old else value
    return grown


def total(samples: Samples, name: str, **labels: str) -> float:
    """Add up the samples of a name whose labels begin as asked."""
    return sum(
        value for (found, have), value in samples.items() if found == name and _matches(dict(have), labels)
    )


def _matches(have: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
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
        for (found, labels), value in samples.items()
        if found == name and dict(labels).get(EDGE) == "edge"
    )


def measures(before: Snapshot, after: Snapshot, *, wanted: int, up: int) -> dict[str, float | None]:
    """Give the figures that rules may name, over the time between two snapshots.

    edge_p95_seconds, edge_error_ratio (5xx at the edge), edge_requests_per_second,
    login_failure_ratio (5xx at the replicas), replicas_missing.
    """
    grown = increase(before.samples, after.samples)
    buckets = _edge_buckets(grown)
    requests = buckets[-1][1] if buckets else 0.0
    seen = requests >= FEWEST_REQUESTS
    p95 = quantile(0.95, buckets) if seen else None
    errors = total(grown, "envoy_http_downstream_rq_xx", envoy_response_code_class="5", **{EDGE: "edge"})
    logins = total(grown, "shop_requests_total", route="/login")
    failed = total(grown, "shop_requests_total", route="/login", status="5")
    return {
        "edge_p95_seconds": None if p95 is None else p95 / 1000,
        "edge_error_ratio": errors / requests if seen else None,
        "edge_requests_per_second": requests / max(after.at - before.at, 0.001),
        "login_failure_ratio": failed / logins if logins >= FEWEST_LOGINS else None,
        "replicas_missing": float(wanted - up),
    }


def window(snapshots: Iterable[Snapshot], now: Instant, seconds: Seconds) -> Snapshot | None:
    """Find the newest snapshot that is at least so old, else the oldest."""
    old = None
    for snapshot in snapshots:
        if old is None or snapshot.at <= now - seconds:
            old = snapshot
    return old
