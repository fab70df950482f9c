"""What actions are aimed at, asked of a Kubernetes API and of moto's AWS on loopback."""

import boto3
import pytest

from tests.faults import cluster as clusters
from tests.faults.cluster import action, experiment, pods
from tests.faults.resolving import resolve


def test_pods_are_counted_by_label_and_namespace(cluster, asking):
    pods(cluster, 3)
    pods(cluster, 2, app="other")
    pods(cluster, 1, namespace="default")
    (aim,) = resolve(
        asking, experiment(action("terminate_pods", label_selector="app=shop", ns="shop", all=True))
    )
    assert len(aim.seen) == 3
    assert (aim.what, aim.conclusive, aim.trap) == ("pods app=shop in namespace shop", True, "")


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ({"label_selector": "app=nothing"}, 0),
        ({"label_selector": "app in (shop, other)"}, 3),
        ({"label_selector": "app!=shop"}, 1),
        ({"name_pattern": "^shop-[01]$"}, 2),
        ({"name_pattern": "nothing"}, 0),
        ({"ns": "default"}, 0),
    ],
)
def test_what_matches_nothing_is_seen(cluster, asking, arguments, count):
    pods(cluster, 2)
    pods(cluster, 1, app="other")
    (aim,) = resolve(asking, experiment(action("terminate_pods", **{"ns": "shop", **arguments})))
    assert len(aim.seen) == count


@pytest.mark.parametrize(
    ("act", "trap"),
    [
        (action("terminate_pods", ns="missing"), "there is no namespace missing"),
        (action("terminate_pods", ns="shop", qty=0), "qty 0"),
        (action("exec_in_pods", ns="shop", cmd="true"), "without container_name"),
        (action("exec_in_pods", ns="shop", cmd="true", container_name="other"), "no container other"),
        (action("drain_nodes", "chaosk8s.node.actions", name="n1"), "shop/shop-0, which nothing owns"),
        (action("delete_nodes", "chaosk8s.node.actions", all=True), "raises an error"),
    ],
)
def test_known_traps_are_named(cluster, asking, act, trap):
    cluster.add("nodes", "n1")
    pods(cluster, 1, spec={"nodeName": "n1"})
    (aim,) = resolve(asking, experiment(act))
    assert trap in aim.trap


def test_what_is_no_trap_is_not_called_one(cluster, asking):
    owner = [{"apiVersion": "v1", "kind": "ReplicaSet", "name": "r", "uid": "u"}]
    cluster.add("nodes", "n1")
    pods(cluster, 1, spec={"nodeName": "n1"}, metadata={"ownerReferences": owner})
    fine = experiment(
        action("exec_in_pods", ns="shop", cmd="true", container_name="main"),
        action("drain_nodes", "chaosk8s.node.actions", name="n1"),
        action("cordon_node", "chaosk8s.node.actions", name="n1"),
    )
    assert [(aim.trap, len(aim.seen), aim.conclusive) for aim in resolve(asking, fine)] == [
        ("", 1, False),
        ("", 1, True),
        ("", 1, True),
    ]


def test_a_deployment_that_is_not_there_is_seen_although_its_deletion_would_succeed(cluster, asking):
    cluster.add("deployments", "shop", "shop")
    module = "chaosk8s.deployment.actions"
    there, missing = resolve(
        asking,
        experiment(
            action("delete_deployment", module, name="shop", ns="shop"),
            action("delete_deployment", module, name="shpo", ns="shop"),
        ),
    )
    assert (len(there.seen), len(missing.seen)) == (1, 0)


def test_what_an_action_would_change_changes_what_is_seen(cluster, asking):
    cluster.add("deployments", "shop", "shop")
    scale = action("scale_deployment", "chaosk8s.deployment.actions", name="shop", ns="shop", replicas=0)
    key = (clusters.RESOURCES["deployments"], "shop", "shop")
    first, still, scaled = resolve(
        asking,
        experiment(scale),
        lambda: None,
        lambda: cluster.objects[key].patch({"spec": {"replicas": 0}}),
    )
    assert first[0].seen == still[0].seen != scaled[0].seen


def test_variables_and_references_are_followed(cluster, asking):
    pods(cluster, 2)
    text = experiment(
        action("terminate_pods", called="kill", ns="${space}"),
        {"ref": "kill"},
        configuration={"space": {"type": "env", "key": "NO_SPACE", "default": "shop"}},
    )
    assert [len(aim.seen) for aim in resolve(asking, text)] == [2, 2]


def test_other_actions_cannot_be_counted(cluster, asking):
    http = {"type": "action", "name": "h", "provider": {"type": "http", "url": "http://127.0.0.1:1"}}
    found = resolve(asking, experiment(action("terminate_pods", ns="shop"), http))
    assert [aim.seen is None for aim in found] == [False, True]


# --- AWS ---


@pytest.fixture
def ec2(aws):
    client = boto3.client("ec2")
    image = client.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "app", "Value": "shop"}]}]
    made = client.run_instances(ImageId=image, MinCount=2, MaxCount=2, TagSpecifications=tags)
    return client, [one["InstanceId"] for one in made["Instances"]]


def stop(func="stop_instances", **arguments):
    return experiment(action(func, "chaosaws.ec2.actions", **arguments))


def test_instances_are_counted_by_id_tag_and_filter(ec2, aws):
    _, ids = ec2
    by_tag = [{"Name": "tag:app", "Values": ["shop"]}]
    assert set(resolve(aws, stop(instance_ids=ids))[0].seen) == set(ids)
    assert set(resolve(aws, stop(filters=by_tag))[0].seen) == set(ids)
    steps = {"volume": 100, "step_quantity": 1, "step_duration": 1, "tags": "app=shop"}
    assert set(resolve(aws, stop("stop_instances_by_incremental_steps", **steps))[0].seen) == set(ids)
    assert resolve(aws, stop(filters=[{"Name": "tag:app", "Values": ["nothing"]}]))[0].seen == {}


def test_an_instance_that_is_not_there_is_a_trap(ec2, aws):
    (aim,) = resolve(aws, stop(instance_ids=["i-00000000000000000"]))
    assert "there is no instance i-0" in aim.trap


def test_a_stopped_instance_is_seen_to_have_changed(ec2, aws):
    client, ids = ec2
    before, after = resolve(aws, stop(instance_ids=ids), lambda: client.stop_instances(InstanceIds=ids[:1]))
    assert before[0].seen != after[0].seen
