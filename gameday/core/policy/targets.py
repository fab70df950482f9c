"""Judges where cloud actions go: Kubernetes cluster and namespaces, AWS account, region and tags.

The facts hold what cluster and account answered when asked for their identity; nothing is asked here. Any
context or profile can be given any name; the UID of kube-system and the account number can't be chosen. An
experiment may not choose another cluster or account by its secrets or configuration.
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
    """Whose identity must be asked for before the policy can be judged."""

    cluster: bool
    account: bool
    instances: tuple[str, ...] = ()


def needs(policy: Policy, documents: tuple[Document, ...]) -> Needs:
    """Give whose identity matters: what is used, and what an unknown module or command might use."""
    used = [activity.provider for document in documents for activity in activities.find(document)]
    uses = [provider for provider in used if isinstance(provider, Mapping)]
    # An unknown module or command may use either: then both are asked for their identity.
    kubernetes = any(_uses(provider, "chaosk8s.", "chaosaws.") for provider in uses)
    amazon = any(_uses(provider, "chaosaws.", "chaosk8s.") for provider in uses)
    return Needs(
        cluster=policy.kubernetes is not None and kubernetes,
        account=policy.aws is not None and amazon,
        instances=tuple(
            dict.fromkeys(
                instance for provider in uses for instance in aws.instances(provider.get("arguments"))
            )
        ),
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
    """Judge whether the cluster that answered is the environment's."""
    answer, why, hint = facts.cluster, "", "set KUBERNETES_CONTEXT, or the current context of the kubeconfig"
    if answer is not None and answer.context not in ("", wanted.context):
        why = f"the context is '{answer.context}', not '{wanted.context}'"
    elif answer is None or answer.error:
        why, hint = (
            f"the cluster could not be asked: {answer.error if answer else 'it was not'}",
            "kubectl cluster-info",
        )
    elif not answer.context:
        why = "it does not report which context is in use"
    elif not wanted.uid:
        why, hint = (
            "no cluster_uid is set, and any cluster can be given this context's name",
            f"this one is {answer.uid}",
        )
    elif answer.uid != wanted.uid:
        why = f"its kube-system has the UID {answer.uid}, not {wanted.uid}: another cluster answers"
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
    """Explain how a document chooses another cluster; empty where it does not."""
    if cluster is None:
        return "the environment names no cluster"
    for key, value in _leaves(document.body.get("secrets")):
        # What a vault holds can't be known before the drill.
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
    """Explain which namespace outside the listed ones an activity touches; empty where none."""
    assert cluster is not None
    name = providers.function(activity.provider)
    arguments = activities.resolve(activity.provider.get("arguments") or {}, document, facts.variables)
    if not isinstance(arguments, Mapping):
        return "its arguments are not an object"
    wide = name.startswith(_CLUSTER_WIDE) or (".actions." in name and "cluster_custom_object" in name)
    if wide and "*" not in cluster.namespaces:
        return "it touches cluster-wide objects, or objects in any namespace"
    for namespace in _named(name, arguments):
        if not any(addresses.glob(pattern, namespace) for pattern in cluster.namespaces):
            return f"namespace {namespace} is not listed"
    return ""


def _named(name: str, arguments: Mapping[str, Any]) -> list[str]:
    """List the namespaces that an activity touches; `default` where it names none, as chaosk8s does."""
    if name.startswith("chaosk8s.namespace."):
        return [str(arguments.get("name"))]
    given = [arguments[key] for key in _NAMESPACES if arguments.get(key)]
    named = [
        str(name) for value in given for name in (value if isinstance(value, list) else str(value).split(","))
    ]
    wide = (
        name.startswith((*_CLUSTER_WIDE, "chaosk8s.node.", "chaosk8s.event."))
        or "cluster_custom_object" in name
    )
    return named if named or wide else ["default"]
