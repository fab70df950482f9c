"""Judges where cloud actions go: Kubernetes cluster and namespaces, AWS account, region and tags.

Comes in: policy and facts, with what cluster and account answered when asked who they are.
Goes out: verdicts. Does not: ask.

A context's name and a profile's name can be given to anything; the UID of kube-system and the account
number can't. An experiment may not choose another cluster or account by its secrets or configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gameday.core.policy import activities, addresses, aws, providers
from gameday.core.policy.activities import Activity, Unknown
from gameday.core.policy.model import Cluster, Document, Facts, Policy, Verdict

_HOME = ("gameday.shop.",)
_NAMESPACES = ("ns", "namespace", "pod_namespace", "namespaces_selectors", "target_namespaces_selectors")
_CLUSTER_WIDE = ("chaosk8s.node.actions.", "chaosk8s.crd.actions.apply_from_")
_SETTINGS = ("KUBERNETES_HOST", "KUBERNETES_CONTEXT", "KUBECONFIG")


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """Whom to ask before the policy can be judged."""

    cluster: bool
    account: bool
    instances: tuple[str, ...] = ()


def needs(policy: Policy, documents: tuple[Document, ...]) -> Needs:
    """Tell whose identity matters: whoever is used, and whoever an unknown module or command might use."""
    found = [activity.provider for document in documents for activity in activities.find(document)]
    uses = [each for each in found if isinstance(each, Mapping)]
    kubernetes = any(_uses(each, "chaosk8s.", "chaosaws.") for each in uses)
    amazon = any(_uses(each, "chaosaws.", "chaosk8s.") for each in uses)
    return Needs(
        cluster=policy.kubernetes is not None and kubernetes,
        account=policy.aws is not None and amazon,
        instances=tuple(dict.fromkeys(one for each in uses for one in aws.instances(each.get("arguments")))),
    )


def _uses(provider: Mapping[str, Any], mine: str, other: str) -> bool:
    if provider.get("type") == "process":
        return True
    name = f"{provider.get('module')}."
    return provider.get("type") == "python" and (
        name.startswith(mine) or not name.startswith((*_HOME, other))
    )


def verdicts(policy: Policy, facts: Facts) -> Iterator[Verdict]:
    """Judge identities, and every activity of chaostoolkit-kubernetes and chaostoolkit-aws."""
    wanted = needs(policy, facts.documents)
    if wanted.cluster and policy.kubernetes is not None:
        yield _cluster(policy.kubernetes, facts)
    if wanted.account and policy.aws is not None:
        yield aws.account(policy.aws, facts)
    for document in facts.documents:
        for activity in activities.find(document):
            name = providers.function(activity.provider)
            if name.startswith("chaosk8s."):
                yield _kubernetes(policy, facts, document, activity)
            elif name.startswith("chaosaws."):
                yield aws.activity(policy, facts, document, activity)


def _cluster(wanted: Cluster, facts: Facts) -> Verdict:
    """Judge whether the cluster that answered is the one that is meant."""
    seen, why, hint = facts.cluster, "", "set KUBERNETES_CONTEXT, or the current context of the kubeconfig"
    if seen is not None and seen.context not in ("", wanted.context):
        why = f"the context is '{seen.context}', not '{wanted.context}'"
    elif seen is None or seen.error:
        why, hint = (
            f"the cluster could not be asked: {seen.error if seen else 'it was not'}",
            "kubectl cluster-info",
        )
    elif not seen.context:
        why = "it does not say which context is in use"
    elif not wanted.uid:
        why, hint = (
            "no cluster_uid is set, and a context's name can be given to any cluster",
            f"this one is {seen.uid}",
        )
    elif seen.uid != wanted.uid:
        why = f"its kube-system has the UID {seen.uid}, not {wanted.uid}: another cluster answers"
    subject = f"cluster {wanted.context}"
    if why:
        return Verdict(rule="kubernetes", allowed=False, subject=subject, why=why, hint=hint)
    return Verdict(
        rule="kubernetes", allowed=True, subject=subject, why=f"kube-system has the UID {wanted.uid}"
    )


def _kubernetes(policy: Policy, facts: Facts, document: Document, activity: Activity) -> Verdict:
    subject = f"{activity.where}: {providers.function(activity.provider)}"
    hint = "list it in `kubernetes.namespaces` of the environment, if it may be broken"
    try:
        why = _elsewhere(policy.kubernetes, facts, document) or _beyond(
            policy.kubernetes, facts, document, activity
        )
    except Unknown as unknown:
        why = str(unknown)
    if why:
        return Verdict(rule="kubernetes", allowed=False, subject=subject, why=why, hint=hint)
    return Verdict(rule="kubernetes", allowed=True, subject=subject, why="its namespaces are listed")


def _elsewhere(cluster: Cluster | None, facts: Facts, document: Document) -> str:
    """Say how a document chooses another cluster; empty where it does not."""
    if cluster is None:
        return "the environment names no cluster"
    for key, value in _leaves(document.body.get("secrets")):
        if key == "type" and value == "vault":
            return "secrets from a vault may choose another cluster"
        if key in _SETTINGS and (key != "KUBERNETES_CONTEXT" or _plain(value, facts) != cluster.context):
            return f"its secrets choose a cluster by {key}"
    return ""


def _plain(value: Any, facts: Facts) -> Any:
    if isinstance(value, Mapping) and value.get("type") == "env":
        return facts.variables.get(str(value.get("key")))
    return value


def _leaves(tree: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield str(key), value
            yield from _leaves(value)


def _beyond(cluster: Cluster | None, facts: Facts, document: Document, activity: Activity) -> str:
    """Say which namespace outside the listed ones an activity touches; empty where none."""
    assert cluster is not None
    name = providers.function(activity.provider)
    arguments = activities.resolve(activity.provider.get("arguments") or {}, document, facts.variables)
    if not isinstance(arguments, Mapping):
        return "its arguments are not an object"
    wide = name.startswith(_CLUSTER_WIDE) or (".actions." in name and "cluster_custom_object" in name)
    if wide and "*" not in cluster.namespaces:
        return "it touches what belongs to no namespace, or to any"
    for namespace in _named(name, arguments):
        if not any(addresses.glob(pattern, namespace) for pattern in cluster.namespaces):
            return f"namespace {namespace} is not listed"
    return ""


def _named(name: str, arguments: Mapping[str, Any]) -> list[str]:
    """List the namespaces that an activity touches; `default` where it names none, as chaosk8s does."""
    if name.startswith("chaosk8s.namespace."):
        return [str(arguments.get("name"))]
    given = [arguments[key] for key in _NAMESPACES if arguments.get(key)]
    found = [str(one) for each in given for one in (each if isinstance(each, list) else str(each).split(","))]
    wide = (
        name.startswith((*_CLUSTER_WIDE, "chaosk8s.node.", "chaosk8s.event."))
        or "cluster_custom_object" in name
    )
    return found if found or wide else ["default"]
