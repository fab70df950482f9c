"""Which cluster and namespaces may be touched: a table of rows, one line each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core import policy
from gameday.core.policy import Facts, Policy
from tests.core.policy import cases
from tests.core.policy.cases import (
    ALLOWED,
    K8S,
    KILL,
    SEEN,
    SHOP,
    STAGING,
    TAGGED,
    cmd,
    facts,
    py,
)

# fmt: off
ROWS: list[cases.Row] = [
    # what, policy, facts, the rules that refuse
    ("a listed namespace", K8S, facts(py(KILL["chaosk8s"], ns="shop")), ALLOWED),
    ("a listed glob of namespaces", K8S, facts(py(KILL["chaosk8s"], ns="shop-eu")), ALLOWED),
    ("another namespace", K8S, facts(py(KILL["chaosk8s"], ns="kube-system")), "kubernetes"),
    ("no namespace is `default`", K8S, facts(py(KILL["chaosk8s"], label_selector="a=b")), "kubernetes"),
    ("a namespace that nobody knows", K8S, facts(py(KILL["chaosk8s"], ns="${ns}")), "kubernetes"),
    ("a namespace by selector", K8S, facts(py("chaosk8s.chaosmesh.network.actions.add_latency", ns="shop", namespaces_selectors="shop,pay")), "kubernetes"),
    ("deleting another namespace", K8S, facts(py("chaosk8s.namespace.actions.delete_namespace", name="prod")), "kubernetes"),
    ("draining a node", K8S, facts(py("chaosk8s.node.actions.drain_nodes", name="n1")), "kubernetes"),
    ("draining a node under the name of a probe", K8S, facts({**py("chaosk8s.node.actions.drain_nodes"), "type": "probe"}), "kubernetes"),
    ("looking at nodes", K8S, facts(py("chaosk8s.node.probes.get_nodes")), ALLOWED),
    ("applying whatever a file says", K8S, facts(py("chaosk8s.crd.actions.apply_from_yaml", resource="x.yaml", ns="shop")), "kubernetes"),
    ("another cluster behind the same context", K8S, facts(py(KILL["chaosk8s"], ns="shop"), cluster=replace(SEEN, uid="u-2")), "kubernetes"),
    ("another context", K8S, facts(py(KILL["chaosk8s"], ns="shop"), cluster=replace(SEEN, context="prod")), "kubernetes"),
    ("a cluster that does not answer", K8S, facts(py(KILL["chaosk8s"], ns="shop"), cluster=policy.SeenCluster(error="refused")), "kubernetes"),
    ("a cluster that nobody asked", K8S, facts(py(KILL["chaosk8s"], ns="shop"), cluster=None), "kubernetes"),
    ("no UID is no identity", replace(K8S, kubernetes=replace(STAGING, uid="")), facts(py(KILL["chaosk8s"], ns="shop")), "kubernetes"),
    ("a context chosen by secrets", K8S, facts(py(KILL["chaosk8s"], ns="shop"), secrets={"k": {"KUBERNETES_CONTEXT": "prod"}}), "kubernetes"),
    ("the same context chosen by secrets", K8S, facts(py(KILL["chaosk8s"], ns="shop"), secrets={"k": {"KUBERNETES_CONTEXT": "staging"}}), ALLOWED),
    ("a server chosen by secrets", K8S, facts(py(KILL["chaosk8s"], ns="shop"), secrets={"k": {"KUBERNETES_HOST": "https://x"}}), "kubernetes"),
    ("kubectl needs the right cluster, too", replace(K8S, providers=("process:kubectl",)), facts(cmd("kubectl", ["get"]), cluster=replace(SEEN, uid="u-2")), "kubernetes"),
]
# fmt: on


@pytest.mark.parametrize(
    ("rules", "given_facts", "refusing"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_the_table_says_which_cluster_may_be_touched(rules: Policy, given_facts: Facts, refusing: str):
    cases.must_judge(rules, given_facts, refusing)


def test_a_cluster_is_asked_only_where_something_may_reach_it():
    shop, unknown = facts(SHOP).documents, facts(py("mine.faults.slow")).documents
    assert not policy.needs(K8S, shop).cluster
    assert policy.needs(K8S, unknown).cluster
    assert policy.needs(TAGGED, facts(py(KILL["stop"], instance_ids=["i-1"])).documents).instances == ("i-1",)
