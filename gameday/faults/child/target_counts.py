"""Tells what each action of a method is aimed at: chaostoolkit's extensions succeed on nothing.

Comes in: an experiment. Goes out: per action its targets in words, and by id all of each that the
action would change; and the trap that it is known to fall into.
Does not: change anything, or choose at random as an action does: it tells what it may choose from.

chaostoolkit-kubernetes succeeds with [] on labels, namespaces and names that match nothing, and where
exec_in_pods has no container; see docs/how-to/guardrails.md.
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
from gameday.faults.child.cluster import ANSWER
from gameday.faults.child.loaded_experiment import Json, Loaded, load
from gameday.faults.child_connection import ChildConnection


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundTarget:
    """What an action is aimed at. seen None: it can't be counted."""

    what: str
    seen: Mapping[str, str] | None
    trap: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How the targets of an action are found. tells: it can't take effect without changing what is seen."""

    find: Callable[[Json, Loaded, Json], FoundTarget]
    tells: bool


def count(line: ChildConnection, command: Json) -> None:
    """Say the aims of an experiment's actions, in order; or the error for which nobody can tell."""
    redactor = Loaded({}).redactor()
    try:
        loaded = load(command["request"]["experiment"], command["request"]["path"])
        redactor = loaded.redactor()
        line.say("answer", aims=[_aim(action, loaded) for action in _actions(loaded.experiment)])
    except Exception as error:  # noqa: BLE001  # kubernetes and botocore raise what they like
        line.say("answer", error=redactor.excerpt(f"{type(error).__name__}: {_short(error)}"))


def _short(error: Exception) -> str:
    """Give an error without the HTTP headers that kubernetes puts into its text."""
    reason, status = getattr(error, "reason", None), getattr(error, "status", None)
    return f"{status} {reason}" if reason and status else str(error)


def _actions(experiment: Mapping[str, Any]) -> Iterator[Json]:
    """Give the actions of the method; a reference stands for the activity that it names."""
    activities = experiments.method(experiment)
    hypothesis = experiment.get("steady-state-hypothesis") or {}
    named = {one.get("name"): one for one in (*activities, *(hypothesis.get("probes") or ()))}
    for one in activities:
        activity = named.get(one["ref"], one) if "ref" in one else one
        if activity.get("type") == "action":
            yield dict(activity)


def _aim(action: Json, loaded: Loaded) -> Json:
    provider = action.get("provider") or {}
    name = f"{provider.get('module')}.{provider.get('func')}" if provider.get("type") == "python" else ""
    way = WAYS.get(name)
    told = {"action": str(action.get("name", "")), "tells": way is not None and way.tells}
    if way is None:
        return {**told, "what": name or str(provider.get("type", "")), "seen": None, "trap": "", "hint": ""}
    arguments = substitute(provider.get("arguments") or {}, loaded.configuration, loaded.secrets)
    secrets: Json = {}
    for group in provider.get("secrets") or ():
        secrets |= loaded.secrets.get(group) or {}
    found = way.find(arguments, loaded, secrets)
    return {**told, "what": found.what, "seen": found.seen, "trap": found.trap, "hint": found.hint}


# --- Kubernetes ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of object: how it is listed, by which client, and whether it stands in a namespace."""

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
        names = sorted({one.name for pod in targets for one in pod.spec.containers})
        return "without container_name it runs nothing, and succeeds", f"one of: {', '.join(names) or 'none'}"
    lacking = [pod.metadata.name for pod in targets if all(one.name != wanted for one in pod.spec.containers)]
    if lacking:
        return f"{lacking[0]} has no container {wanted}", "name a container that all of the pods have"
    return "", ""


def _some(arguments: Json, targets: list[Any], api: Any) -> tuple[str, str]:  # noqa: ARG001  # a Trap
    if arguments.get("qty") == 0 and not arguments.get("all"):
        return "qty 0 takes none of them", "leave qty out, or say how many"
    return "", ""


def _all_nodes(arguments: Json, targets: list[Any], api: Any) -> tuple[str, str]:  # noqa: ARG001  # a Trap
    if arguments.get("all"):
        return "delete_nodes with all raises an error each time", "say a count"
    return "", ""


def _bare_pods(arguments: Json, targets: list[Any], api: Any) -> tuple[str, str]:  # noqa: ARG001  # a Trap
    """drain_nodes raises TypeError on a pod without an owner, and leaves the node cordoned."""
    names = {node.metadata.name for node in targets}
    pods = cluster.client().CoreV1Api(api).list_pod_for_all_namespaces(_request_timeout=ANSWER).items
    bare = [pod for pod in pods if pod.spec.node_name in names and not pod.metadata.owner_references]
    if not bare:
        return "", ""
    one = f"{bare[0].metadata.namespace}/{bare[0].metadata.name}"
    return f"draining fails on {one}, which nothing owns", "remove it, or drain another node"


def _objects(
    kind: Kind, *, named: str = "name", pattern: bool = False, trap: Trap = _no_trap
) -> Callable[..., FoundTarget]:
    """Make the way to objects that are chosen by label, and by the argument `named`, name or pattern."""

    def find(arguments: Json, _loaded: Loaded, secrets: Json) -> FoundTarget:
        client, api = cluster.client(), cluster.reach(secrets)
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
        given = {"label_selector": labels} if labels else {}
        place = (space,) if kind.spaced else ()
        listed = getattr(getattr(client, kind.api)(api), kind.lister)(
            *place, **given, _request_timeout=ANSWER
        )
        targets = [one for one in listed.items if _is_named(one.metadata.name, name, pattern=pattern)]
        why, hint = trap(arguments, targets, api) if targets else ("", "")
        return FoundTarget(
            what=what, seen={_id(one): _print(api, one) for one in targets}, trap=why, hint=hint
        )

    return find


def _exists(client: Any, api: Any, space: str) -> bool:
    """Tell whether a namespace is there; where we may not ask, its objects will tell."""
    try:
        client.CoreV1Api(api).read_namespace(space, _request_timeout=ANSWER)
    except client.ApiException as refused:
        return bool(refused.status != 404)
    return True


def _is_named(name: str, wanted: Any, *, pattern: bool) -> bool:
    if not wanted:
        return True
    return re.search(str(wanted), name) is not None if pattern else name == wanted


def _id(one: Any) -> str:
    return str(one.metadata.uid or one.metadata.name)


def _print(api: Any, one: Any) -> str:
    """Take the fingerprint of what an action would change: its end, its spec, restarts of its containers."""
    status = getattr(one.status, "container_statuses", None) or ()
    restarts = sum(each.restart_count or 0 for each in status)
    spec = json.dumps(api.sanitize_for_serialization(one.spec), sort_keys=True)
    text = f"{one.metadata.deletion_timestamp} {restarts} {spec}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --- AWS ----------------------------------------------------------------------------------------


def _instances(arguments: Json, loaded: Loaded, secrets: Json) -> FoundTarget:
    """Find EC2 instances by ids, filters, zone and tags, as chaosaws.ec2 does."""
    import chaosaws  # type: ignore[import-untyped]  # noqa: PLC0415  # 1 s, for those who have an account

    filters = [*(arguments.get("filters") or ()), *_tags(arguments.get("tags"))]
    if arguments.get("az"):
        filters.append({"Name": "availability-zone", "Values": [arguments["az"]]})
    ids = arguments.get("instance_ids") or [one for one in [arguments.get("instance_id")] if one]
    if ids:
        filters = [{"Name": "instance-id", "Values": list(ids)}]
    what = " ".join(f"{one['Name']}={','.join(map(str, one['Values']))}" for one in filters)
    if not filters:
        return FoundTarget(what="EC2 instances", seen=None)
    client = chaosaws.aws_client("ec2", loaded.configuration, secrets)
    pages = client.get_paginator("describe_instances").paginate(Filters=filters)
    found = [one for page in pages for group in page["Reservations"] for one in group["Instances"]]
    seen = {
        one["InstanceId"]: f"{one['State']['Name']} {one.get('LaunchTime', '')}"
        for one in found
        if one["State"]["Name"] != "terminated"
    }
    missing = [one for one in ids if one not in seen]
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

WAYS: Mapping[str, Way] = {
    f"{_POD}terminate_pods": Way(
        find=_objects(PODS, named="name_pattern", pattern=True, trap=_some), tells=True
    ),
    f"{_POD}exec_in_pods": Way(
        find=_objects(PODS, named="name_pattern", pattern=True, trap=_container), tells=False
    ),
    f"{_POD}delete_pods": Way(find=_objects(PODS, pattern=True), tells=True),
    f"{_DEPLOYMENT}delete_deployment": Way(find=_objects(DEPLOYMENTS), tells=True),
    f"{_DEPLOYMENT}scale_deployment": Way(find=_objects(DEPLOYMENTS), tells=True),
    f"{_DEPLOYMENT}rollout_deployment": Way(find=_objects(DEPLOYMENTS), tells=True),
    "chaosk8s.statefulset.actions.scale_statefulset": Way(find=_objects(STATEFUL_SETS), tells=True),
    "chaosk8s.statefulset.actions.remove_statefulset": Way(find=_objects(STATEFUL_SETS), tells=True),
    "chaosk8s.daemonset.actions.delete_daemon_set": Way(find=_objects(DAEMON_SETS), tells=True),
    "chaosk8s.daemonset.actions.update_daemon_set": Way(find=_objects(DAEMON_SETS), tells=True),
    "chaosk8s.replicaset.actions.delete_replica_set": Way(find=_objects(REPLICA_SETS), tells=True),
    "chaosk8s.service.actions.delete_service": Way(find=_objects(SERVICES), tells=True),
    "chaosk8s.networking.actions.delete_ingress": Way(find=_objects(INGRESSES), tells=True),
    "chaosk8s.networking.actions.update_ingress": Way(find=_objects(INGRESSES), tells=True),
    f"{_NODE}cordon_node": Way(find=_objects(NODES), tells=True),
    f"{_NODE}drain_nodes": Way(find=_objects(NODES, trap=_bare_pods), tells=True),
    f"{_NODE}delete_nodes": Way(find=_objects(NODES, trap=_all_nodes), tells=True),
    **{
        f"{_EC2}{name}": Way(find=_instances, tells=True)
        for name in (
            "stop_instance",
            "stop_instances",
            "terminate_instance",
            "terminate_instances",
            "stop_instances_by_incremental_steps",
        )
    },
    f"{_EC2}restart_instances": Way(find=_instances, tells=False),
}
"""By a python action's full name, how its targets are found. The others can't be counted."""
