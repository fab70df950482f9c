"""Drills whose fault is chaostoolkit-kubernetes': what matches nothing, what does nothing, what is absorbed."""

import json
from dataclasses import dataclass

import pytest

from gameday.testing.truth import TruthServer
from tests.e2e.truth_space import TruthSpace, finish
from tests.faults import cluster as clusters
from tests.faults.cluster import action

pytestmark = pytest.mark.e2e

SETTINGS = """
[environments.truth]
base_url = "{url}"
kubernetes = {{context = "KUBERNETES_HOST", cluster_uid = "uid-of-kube-system", namespaces = ["shop"]}}

[environments.truth.policy]
providers = ["python:chaosk8s.pod.*"]
hosts = ["127.0.0.1"]
"""
PHASES = {"baseline": "2s", "onset": "8s", "response": "60s", "verify": "1s"}


@dataclass
class Ground:
    """A workspace, a service that is never hurt, and a cluster."""

    space: TruthSpace
    cluster: clusters.Cluster
    url: str

    def drill(self, *flags, **arguments):
        """Run a drill whose fault is terminate_pods."""
        made = {
            "version": "1.0.0",
            "title": "Users are well although a pod goes",
            "description": "Another serves them.",
            "method": [action("terminate_pods", called="kill a pod", ns="shop", **arguments)],
            "rollbacks": [],
        }
        space = self.space.lay_out(self.url, settings=SETTINGS, made=made, hold="30s", phases=PHASES)
        return finish(space.run(*flags))


@pytest.fixture(scope="module")
def policy_sources(tmp_path_factory):
    with clusters.running() as (cluster, url), TruthServer() as server:
        cluster.namespaces.add("kube-system")
        root = tmp_path_factory.mktemp("aims")
        env = {"KUBERNETES_HOST": url, "KUBECONFIG": str(root / "none")}
        yield Ground(TruthSpace(root, env), cluster, server.url)


@pytest.fixture(autouse=True)
def two_pods(policy_sources):
    policy_sources.cluster.objects.clear()
    policy_sources.cluster.delete_nothing = False
    policy_sources.cluster.deletions.clear()
    clusters.pods(policy_sources.cluster, 2)


def test_a_label_that_matches_nothing_injects_nothing(policy_sources):
    ended = policy_sources.drill("--accept-local-keeper", label_selector="app=shpo")
    assert ended.returncode == 5
    assert "there are no pods app=shpo in namespace shop" in ended.stderr
    assert not policy_sources.cluster.deletions


def test_a_fault_that_changes_nothing_is_no_success(policy_sources):
    policy_sources.cluster.delete_nothing = True
    ended = policy_sources.drill("--accept-local-keeper", label_selector="app=shop", all=True)
    result = json.loads(ended.stdout)
    assert (ended.returncode, result["outcome"]) == (5, "no-effect"), ended.stderr
    assert result["score"]["points"] is None
    told = (policy_sources.space.drills / result["drill"] / "postmortem.md").read_text(encoding="utf-8")
    assert "The fault changed nothing" in told
    assert sorted(policy_sources.cluster.deletions) == ["shop-0", "shop-1"]


def test_a_fault_that_changes_a_target_and_hurts_nobody_is_absorbed(policy_sources):
    ended = policy_sources.drill("--accept-local-keeper", label_selector="app=shop")
    assert json.loads(ended.stdout)["outcome"] == "absorbed", ended.stderr


def test_a_held_fault_that_only_this_host_could_revert_is_refused(policy_sources):
    ended = policy_sources.drill(label_selector="app=shop")
    assert ended.returncode == 5
    assert "--accept-local-keeper" in ended.stderr


def test_the_cluster_itself_keeps_drills_of_other_stores_away(policy_sources):
    key = (clusters.RESOURCES["leases"], "shop", "gameday-truth")
    body = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": "gameday-truth",
            "namespace": "shop",
            "resourceVersion": "1",
            "annotations": {"gameday/holder": "ada@desktop"},
        },
        "spec": {
            "holderIdentity": "another-drill",
            "leaseDurationSeconds": 60,
            "renewTime": "2099-01-01T00:00:00.000001Z",
        },
    }
    policy_sources.cluster.objects[key] = body
    ended = policy_sources.drill("--accept-local-keeper", label_selector="app=shop")
    assert ended.returncode == 5
    assert "held by drill another-drill (ada@desktop)" in ended.stderr
