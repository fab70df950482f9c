"""The environment's lease in the cluster itself: two laptops, one Kubernetes."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from gameday.core.errors import NotReady
from gameday.core.values import DrillId, Instant
from gameday.faults import cluster_lease
from gameday.faults.child_queries import ChildQueries
from gameday.faults.cluster_lease import ClusterLease
from gameday.ports import Lease
from tests.faults import cluster as clusters
from tests.faults.building import DRILL
from tests.faults.conftest import Asking

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


@pytest.fixture
def play(cluster, asking):
    """Takes (lease) and releases (None, lease) in order with one laptop; gives what each take said."""
    leases = ClusterLease("shop", asking.questions)

    async def in_order(acts):
        said = [await leases.take(act) for act in acts if isinstance(act, Lease)]
        for act in acts:
            if not isinstance(act, Lease):
                await leases.release(act[1])
        return said

    return lambda *acts: asking.run(in_order(acts))


def stored(cluster):
    key = (clusters.RESOURCES["leases"], "shop", "gameday-staging-eu")
    return cluster.objects[key].raw


def test_one_drill_holds_the_lease_and_the_other_learns_who(play):
    assert play(MINE) == [None]
    (held,) = play(later(OTHER, 10))
    assert (held.drill, held.holder) == ("drill-1", "laptop:1")
    assert (held.since, held.until) == (NOW, NOW + 60)


def test_the_lease_is_readable_for_people(cluster, play):
    play(MINE)
    spec = stored(cluster)["spec"]
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"]) == ("drill-1", 60)
    assert spec["renewTime"] == "2027-01-15T08:00:00.500000+00:00"


def test_renewing_keeps_the_beginning(play):
    assert play(MINE, later(MINE, 20), later(MINE, 40)) == [None] * 3
    (held,) = play(later(OTHER, 90))
    assert (held.since, held.until) == (NOW, NOW + 100)


def test_a_lease_that_ran_out_is_free(play):
    play(MINE)
    assert play(later(OTHER, 61)) == [None]
    assert play(later(MINE, 62))[0].drill == "drill-2"


def test_a_lease_that_was_given_back_is_free(play):
    play(MINE, (None, MINE))
    assert play(later(OTHER, 1)) == [None]


def test_nobody_gives_back_what_another_holds(play):
    play(MINE, (None, OTHER))
    assert play(later(OTHER, 1))[0].drill == "drill-1"


def test_of_two_at_once_one_wins(cluster):
    async def both():
        sides = [ChildQueries(DRILL, cwd=Path.cwd()) for _ in range(2)]
        try:
            return await asyncio.gather(
                ClusterLease("shop", sides[0]).take(MINE), ClusterLease("shop", sides[1]).take(OTHER)
            )
        finally:
            for side in sides:
                await side.close()

    assert sum(said is None for said in asyncio.run(both())) == 1


def test_a_cluster_that_does_not_answer_keeps_no_lease(monkeypatch, tmp_path):
    monkeypatch.setenv("KUBERNETES_HOST", "http://127.0.0.1:1")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    asking = Asking()
    with pytest.raises(NotReady, match="can't be taken or renewed in namespace shop"):
        asking.run(ClusterLease("shop", asking.questions).take(MINE))
    asking.close()


def test_a_time_without_a_fraction_has_six_decimals_all_the_same(cluster, play):
    play(replace(MINE, since=Instant(1_800_000_000.0)))
    assert re.fullmatch(r"\S+:00\.\d{6}\+00:00", stored(cluster)["spec"]["renewTime"])


@pytest.mark.parametrize("environment", ["shop", "Staging EU", "ünï", "a" * 200, "x_y.z"])
def test_every_environment_has_a_name_that_kubernetes_takes(environment):
    name = cluster_lease.name(environment)
    assert len(name) <= 63
    assert name.replace("-", "").isalnum()
    assert name == name.lower().strip("-")
