"""Judges arguments by which a command or function would choose a cluster or an account of its own.

Every process of a drill gets the verified ones (`faults.clouds`); an argument could lead past them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gameday.core.policy import activities
from gameday.core.policy.activities import Activity, Unknown
from gameday.core.policy.model import Document, Facts, Policy, Verdict

_CLUSTER = re.compile(r"kubeconfig|kube[_-]config|\b(KUBERNETES|KUBE|HELM_KUBE)\w*=", re.IGNORECASE)
_ACCOUNT = re.compile(r"\bAWS_\w+=|^aws_profile(_name)?$|^profile_name$|^--endpoint-url\b")
_SERVERS = re.compile(r"--(server|kube-apiserver|token|kube-token)(=|$)|-s(=|$)|-s\w")
"""Options of kubectl and its like that name a server or a user's token next to the kubeconfig."""
_CLIENTS = {"kubectl", "oc", "helm", "flux", "istioctl"}
_REGION = "--region"


def verdicts(policy: Policy, facts: Facts) -> Iterator[Verdict]:
    """Refuse every activity whose arguments choose another cluster or account than the environment's."""
    if policy.kubernetes is None and policy.aws is None:
        return
    for document in facts.documents:
        for activity in activities.find(document):
            if why := _why(policy, facts, document, activity):
                yield Verdict(
                    rule="aws" if policy.kubernetes is None else "kubernetes",
                    allowed=False,
                    subject=activity.where,
                    why=why,
                    hint="leave it out: every process gets the environment's cluster and account",
                )


def _why(policy: Policy, facts: Facts, document: Document, activity: Activity) -> str:
    provider = activity.provider
    if not isinstance(provider, Mapping) or provider.get("type") not in {"process", "python"}:
        return ""
    try:
        given = activities.resolve(provider.get("arguments"), document, facts.variables)
    except Unknown as unknown:
        return str(unknown)
    words = list(_words(given))
    command = str(provider.get("path", "")).rpartition("/")[2]
    why = ""
    if policy.kubernetes is not None:
        why = _first(words, _CLUSTER) or (_first(words, _SERVERS) if command in _CLIENTS else "")
    if policy.aws is not None:
        why = why or _first(words, _ACCOUNT) or _region(policy.aws.region, words, command)
    return why and f"its arguments choose a cluster or an account: {why}"


def _words(value: Any) -> Iterator[str]:
    """Give every text of arguments, at any depth, keys too; one string is split as a shell would."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield str(key)
            yield from _words(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _words(each)
    elif isinstance(value, str):
        yield from value.split()


def _first(words: list[str], pattern: re.Pattern[str]) -> str:
    match = pattern.match if pattern is _SERVERS else pattern.search
    return next((word.partition("=")[0] for word in words if match(word)), "")


def _region(region: str, words: list[str], command: str) -> str:
    if command != "aws":
        return ""
    named = [word.partition("=")[2] for word in words if word.startswith(f"{_REGION}=")]
    named += [after for word, after in itertools.pairwise(words) if word == _REGION]
    return next((f"{_REGION} {name}" for name in named if name != region), "")
