"""Find what each action of a method targets, because chaostoolkit's extensions succeed when that is nothing.

chaostoolkit-kubernetes succeeds with [] on labels, namespaces and names that match nothing, and where
exec_in_pods has no container; see docs/how-to/guardrails.md. For each action, this gives its targets in
words, a fingerprint of each by id, and a trap that the action is known to fall into. Nothing is changed;
where an action chooses at random, all that it may choose from are its targets.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chaoslib import substitute

from gameday.faults import experiments
from gameday.faults.child import cluster
from gameday.faults.child.cluster import REQUEST_TIMEOUT
from gameday.faults.child.connection import ChildConnection
from gameday.faults.child.loaded_experiment import Json, Loaded, load


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundTarget:
    """What an action targets. seen: fingerprints by target id; None: its targets can't be counted."""

    what: str
    seen: Mapping[str, str] | None
    trap: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetFinder:
    """How an action's targets are found. conclusive: it can't take effect without changing a fingerprint."""

    find: Callable[[Json, Loaded, Json], FoundTarget]
    conclusive: bool


def count(connection: ChildConnection, command: Json) -> None:
    """Send the targets of an experiment's actions, in order, or why they can't be counted."""
    redactor = Loaded({}).redactor()
    try:
        loaded = load(command["request"]["experiment"], command["request"]["path"])
        redactor = loaded.redactor()
        connection.send(
            "answer", targets=[_target_of(action, loaded) for action in _actions(loaded.experiment)]
        )
    except Exception as error:  # noqa: BLE001  # kubernetes and botocore raise what they like
        connection.send("answer", error=redactor.excerpt(f"{type(error).__name__}: {_error_text(error)}"))


def _error_text(error: Exception) -> str:
    """Describe an error without the HTTP headers that kubernetes puts into its text."""
    reason, status = getattr(error, "reason", None), getattr(error, "status", None)
    return f"{status} {reason}" if reason and status else str(error)


def _actions(experiment: Mapping[str, Any]) -> Iterator[Json]:
    """Give the actions of the method; a reference stands for the activity that it names."""
    activities = experiments.method(experiment)
    hypothesis = experiment.get("steady-state-hypothesis") or {}
    by_name = {each.get("name"): each for each in (*activities, *(hypothesis.get("probes") or ()))}
    for declared in activities:
        activity = by_name.get(declared["ref"], declared) if "ref" in declared else declared
        if activity.get("type") == "action":
            yield dict(activity)


def _target_of(action: Json, loaded: Loaded) -> Json:
    provider = action.get("provider") or {}
    name = f"{provider.get('module')}.{provider.get('func')}" if provider.get("type") == "python" else ""
    finder = FINDERS.get(name)
    answer = {"action": str(action.get("name", "")), "conclusive": finder is not None and finder.conclusive}
    if finder is None:
        return {**answer, "what": name or str(provider.get("type", "")), "seen": None, "trap": "", "hint": ""}
    arguments = substitute(provider.get("arguments") or {}, loaded.configuration, loaded.secrets)
    secrets: Json = {}
    for group in provider.get("secrets") or ():
        secrets |= loaded.secrets.get(group) or {}
    targets = finder.find(arguments, loaded, secrets)
    return {**answer, "what": targets.what, "seen": targets.seen, "trap": targets.trap, "hint": targets.hint}


# --- Kubernetes ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of object: how it is listed, by which client, and whether it is in a namespace."""

    word: str
    api: str
    lister: str
    spaced: bool = True


PODS = Kind(word="pods", api="CoreV1Api", lister="list_namespaced_pod")
SERVICES = Kind(word="services", api="CoreV1Api", lister="list_namespaced_service")
DEPLOYMENTS = Kind(word="deployments", api="AppsV1Api", lister="list_namespaced_deployment")
STATEFUL_SETS = Kind(word="stateful sets", api="AppsV1Api", lister="list_namespaced_stateful_set")
DAEMON_SETS = Kind(word="daemon sets", api="AppsV1Api", lister="list_namespaced_daemon_set")
REPLICA_SETS = Kind(word="replica sets", api="AppsV1Api", lister="list_namespaced_replica_set")
INGRESSES = Kind(word="ingresses", api="NetworkingV1Api", lister="list_namespaced_ingress")
NODES = Kind(word="nodes", api="CoreV1Api", lister="list_node", spaced=False)

Trap = Callable[[Json, list[Any], Any], tuple[str, str]]
"""Gives the trap and a hint, from arguments, targets and API client; empty texts: none."""


def _no_trap(arguments: Json, targets: list[Any], api: Any) -> tuple[str, str]:  # noqa: ARG001  # a Trap
    return "", ""


def _container(arguments: Json, targets: list[Any], api: Any) -> tuple[str, str]:  # noqa: ARG001  # a Trap
    """exec_in_pods without container_name runs nothing, and succeeds."""
    wanted = arguments.get("container_name")
    if not wanted:
        names = sorted({container.name for pod in targets for container in pod.spec.containers})
        return "without container_name it runs nothing, and succeeds", f"one of: {', '.join(names) or 'none'}"
    lacking = [
        pod.metadata.name
        for pod in targets
        if all(container.name != wanted for container in pod.spec.containers)
    ]
    if lacking:
        return f"{lacking[0]} has no container {wanted}", "name a container that all of the pods have"
    return "", ""


def _some(arguments: Json, targets: list[Any], api: Any) -> tuple[str, str]:  # noqa: ARG001  # a Trap
    if arguments.get("qty") == 0 and not arguments.get("all"):
        return "qty 0 takes none of them", "leave qty out, or give a number"
    return "", ""


def _all_nodes(arguments: Json, targets: list[Any], api: Any) -> tuple[str, str]:  # noqa: ARG001  # a Trap
    if arguments.get("all"):
        return "delete_nodes with all raises an error each time", "give a count"
    return "", ""


def _bare_pods(arguments: Json, targets: list[Any], api: Any) -> tuple[str, str]:  # noqa: ARG001  # a Trap
    """drain_nodes raises TypeError on a pod without an owner, and leaves the node cordoned."""
    names = {node.metadata.name for node in targets}
    pods = cluster.client().CoreV1Api(api).list_pod_for_all_namespaces(_request_timeout=REQUEST_TIMEOUT).items
    bare = [pod for pod in pods if pod.spec.node_name in names and not pod.metadata.owner_references]
    if not bare:
        return "", ""
    pod_name = f"{bare[0].metadata.namespace}/{bare[0].metadata.name}"
    return f"draining fails on {pod_name}, which nothing owns", "remove it, or drain another node"


def _objects(
    kind: Kind, *, named: str = "name", pattern: bool = False, trap: Trap = _no_trap
) -> Callable[..., FoundTarget]:
    """Make a finder of objects by label, and by the argument `named`, which holds a name or a pattern."""

    def find(arguments: Json, _loaded: Loaded, secrets: Json) -> FoundTarget:
        client, api = cluster.client(), cluster.connect(secrets)
        space = str(arguments.get("ns") or "default")
        labels, name = arguments.get("label_selector"), arguments.get(named)
        what = " ".join(str(part) for part in (kind.word, labels, name) if part)
        what += f" in namespace {space}" if kind.spaced else ""
        if kind.spaced and not _exists(client, api, space):
            return FoundTarget(
                what=what,
                seen={},
                trap=f"there is no namespace {space}",
                hint="the action would succeed all the same",
            )
        selector = {"label_selector": labels} if labels else {}
        scope = (space,) if kind.spaced else ()
        listed = getattr(getattr(client, kind.api)(api), kind.lister)(
            *scope, **selector, _request_timeout=REQUEST_TIMEOUT
        )
        targets = [item for item in listed.items if _is_named(item.metadata.name, name, pattern=pattern)]
        why, hint = trap(arguments, targets, api) if targets else ("", "")
        return FoundTarget(
            what=what,
            seen={_id(target): _fingerprint(api, target) for target in targets},
            trap=why,
            hint=hint,
        )

    return find


def _exists(client: Any, api: Any, space: str) -> bool:
    """Check whether a namespace exists; assume so where we may not read it."""
    try:
        client.CoreV1Api(api).read_namespace(space, _request_timeout=REQUEST_TIMEOUT)
    except client.ApiException as refused:
        return bool(refused.status != 404)
    return True


def _is_named(name: str, wanted: Any, *, pattern: bool) -> bool:
    if not wanted:
        return True
    return re.search(str(wanted), name) is not None if pattern else name == wanted


def _id(target: Any) -> str:
    return str(target.metadata.uid or target.metadata.name)


def _fingerprint(api: Any, target: Any) -> str:
    """Fingerprint what an action would change: deletion, spec, restarts of its containers."""
    status = getattr(target.status, "container_statuses", None) or ()
    restarts = sum(container.restart_count or 0 for container in status)
    spec = json.dumps(api.sanitize_for_serialization(target.spec), sort_keys=True)
    # Deletions return before anything is gone; the timestamp shows them at once.
    text = f"{target.metadata.deletion_timestamp} {restarts} {spec}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --- AWS ----------------------------------------------------------------------------------------


def _instances(arguments: Json, loaded: Loaded, secrets: Json) -> FoundTarget:
    """Find EC2 instances by ids, filters, zone and tags, as chaosaws.ec2 does."""
    import chaosaws  # type: ignore[import-untyped]  # noqa: PLC0415  # 1 s, only for experiments on AWS

    filters = [*(arguments.get("filters") or ()), *_tags(arguments.get("tags"))]
    if arguments.get("az"):
        filters.append({"Name": "availability-zone", "Values": [arguments["az"]]})
    ids = arguments.get("instance_ids") or [name for name in [arguments.get("instance_id")] if name]
    if ids:
        filters = [{"Name": "instance-id", "Values": list(ids)}]
    what = " ".join(f"{each['Name']}={','.join(map(str, each['Values']))}" for each in filters)
    if not filters:
        return FoundTarget(what="EC2 instances", seen=None)
    client = chaosaws.aws_client("ec2", loaded.configuration, secrets)
    pages = client.get_paginator("describe_instances").paginate(Filters=filters)
    instances = [item for page in pages for group in page["Reservations"] for item in group["Instances"]]
    seen = {
        item["InstanceId"]: f"{item['State']['Name']} {item.get('LaunchTime', '')}"
        for item in instances
        # EC2 still lists terminated instances for a while.
        if item["State"]["Name"] != "terminated"
    }
    missing = [name for name in ids if name not in seen]
    trap = f"there is no instance {missing[0]}" if missing else ""
    return FoundTarget(what=f"EC2 instances {what}", seen=seen, trap=trap)


def _tags(tags: Any) -> list[Json]:
    """Turn tags, as `k=v,k=v` or a mapping, into filters."""
    pairs = (
        [pair.split("=", 1) for pair in tags.split(",")] if isinstance(tags, str) else (tags or {}).items()
    )
    return [{"Name": f"tag:{key.strip()}", "Values": [value.strip()]} for key, value in pairs]


_POD, _DEPLOYMENT, _NODE = "chaosk8s.pod.actions.", "chaosk8s.deployment.actions.", "chaosk8s.node.actions."
_EC2 = "chaosaws.ec2.actions."

FINDERS: Mapping[str, TargetFinder] = {
    f"{_POD}terminate_pods": TargetFinder(
        find=_objects(PODS, named="name_pattern", pattern=True, trap=_some), conclusive=True
    ),
    # A command in a container need not change anything that a fingerprint covers.
    f"{_POD}exec_in_pods": TargetFinder(
        find=_objects(PODS, named="name_pattern", pattern=True, trap=_container), conclusive=False
    ),
    f"{_POD}delete_pods": TargetFinder(find=_objects(PODS, pattern=True), conclusive=True),
    f"{_DEPLOYMENT}delete_deployment": TargetFinder(find=_objects(DEPLOYMENTS), conclusive=True),
    f"{_DEPLOYMENT}scale_deployment": TargetFinder(find=_objects(DEPLOYMENTS), conclusive=True),
    f"{_DEPLOYMENT}rollout_deployment": TargetFinder(find=_objects(DEPLOYMENTS), conclusive=True),
    "chaosk8s.statefulset.actions.scale_statefulset": TargetFinder(
        find=_objects(STATEFUL_SETS), conclusive=True
    ),
    "chaosk8s.statefulset.actions.remove_statefulset": TargetFinder(
        find=_objects(STATEFUL_SETS), conclusive=True
    ),
    "chaosk8s.daemonset.actions.delete_daemon_set": TargetFinder(find=_objects(DAEMON_SETS), conclusive=True),
    "chaosk8s.daemonset.actions.update_daemon_set": TargetFinder(find=_objects(DAEMON_SETS), conclusive=True),
    "chaosk8s.replicaset.actions.delete_replica_set": TargetFinder(
        find=_objects(REPLICA_SETS), conclusive=True
    ),
    "chaosk8s.service.actions.delete_service": TargetFinder(find=_objects(SERVICES), conclusive=True),
    "chaosk8s.networking.actions.delete_ingress": TargetFinder(find=_objects(INGRESSES), conclusive=True),
    "chaosk8s.networking.actions.update_ingress": TargetFinder(find=_objects(INGRESSES), conclusive=True),
    f"{_NODE}cordon_node": TargetFinder(find=_objects(NODES), conclusive=True),
    f"{_NODE}drain_nodes": TargetFinder(find=_objects(NODES, trap=_bare_pods), conclusive=True),
    f"{_NODE}delete_nodes": TargetFinder(find=_objects(NODES, trap=_all_nodes), conclusive=True),
    **{
        f"{_EC2}{name}": TargetFinder(find=_instances, conclusive=True)
        for name in (
            "stop_instance",
            "stop_instances",
            "terminate_instance",
            "terminate_instances",
            "stop_instances_by_incremental_steps",
        )
    },
    # A reboot changes neither an instance's state nor its launch time.
    f"{_EC2}restart_instances": TargetFinder(find=_instances, conclusive=False),
}
"""By a python action's full name, how its targets are found. The others can't be counted."""
