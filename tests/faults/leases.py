"""Two drills' leases on one environment, and what the cluster stores of them."""

from dataclasses import replace

from gameday.core.values import DrillId, Instant
from gameday.ports import Lease
from tests.faults import cluster as clusters

NOW = Instant(1_800_000_000.5)
MINE = Lease(
    environment="Staging EU",
    drill=DrillId("drill-1"),
    holder="laptop:1",
    since=NOW,
    until=Instant(NOW + 60),
)
OTHER = replace(MINE, drill=DrillId("drill-2"), holder="desktop:2")


def later(lease, seconds):
    return replace(lease, since=Instant(lease.since + seconds), until=Instant(lease.until + seconds))


def stored(cluster):
    key = (clusters.RESOURCES["leases"], "shop", "gameday-staging-eu")
    return cluster.objects[key].raw
