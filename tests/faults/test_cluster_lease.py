"""The environment's lease in the cluster itself: two laptops, one Kubernetes."""

import asyncio
from pathlib import Path

import pytest

from gameday.core.errors import NotReady
from gameday.faults import cluster_lease
from gameday.faults.child_queries import ChildQueries
from gameday.faults.cluster_lease import ClusterLease
from tests.faults.building import DRILL
from tests.faults.conftest import Asking
from tests.faults.leases import MINE, NOW, OTHER, later


def test_one_drill_holds_the_lease_and_the_other_learns_who(play):
    assert play(MINE) == [None]
    (held,) = play(later(OTHER, 10))
    assert (held.drill, held.holder) == ("drill-1", "laptop:1")
    assert (held.since, held.until) == (NOW, NOW + 60)


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


@pytest.mark.parametrize("environment", ["shop", "Staging EU", "ünï", "a" * 200, "x_y.z"])
def test_every_environment_has_a_name_that_kubernetes_takes(environment):
    name = cluster_lease.name(environment)
    assert len(name) <= 63
    assert name.replace("-", "").isalnum()
    assert name == name.lower().strip("-")
