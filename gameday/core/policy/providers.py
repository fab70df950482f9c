"""Judges providers: which Python functions, which URLs, which commands an experiment may call.

There is a verdict for every provider, wherever it is named: hypothesis, method, rollbacks, controls,
tolerances, dynamic configuration, `still-exposed`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gameday.core.policy import activities, addresses, patterns
from gameday.core.policy.activities import Activity, Unknown
from gameday.core.policy.model import Document, Facts, Policy, Verdict

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MODULE = re.compile(rf"{_IDENTIFIER.pattern}(\.{_IDENTIFIER.pattern})*")
_PATH = re.compile(r"/?([A-Za-z0-9._+@-]+/)*[A-Za-z0-9._+@-]+")
_SHELL_SAFE = re.compile(r"[A-Za-z0-9 _./:=,@%+-]*")


class ProviderRefused(ValueError):
    """A provider that can't be judged as written, with a hint about what would be right."""

    def __init__(
        self, why: str, hint: str = "write it literally, so that it can be known beforehand"
    ) -> None:
        super().__init__(why)
        self.hint = hint


def verdicts(policy: Policy, facts: Facts) -> Iterator[Verdict]:
    """Judge every provider of every document."""
    for document in facts.documents:
        for activity in activities.find(document):
            yield _verdict(policy, facts, document, activity)


def function(provider: Any) -> str:
    """Give the dotted name that a python provider calls; empty for any other."""
    if isinstance(provider, Mapping) and provider.get("type") == "python":
        return f"{provider.get('module')}.{provider.get('func')}"
    return ""


def _verdict(policy: Policy, facts: Facts, document: Document, activity: Activity) -> Verdict:
    subject = activity.where
    try:
        subject = f"{activity.where}: {_written(activity)}"
        denied, allowed = _patterns(policy, facts, document, activity)
    except (ProviderRefused, Unknown) as refused:
        return Verdict(rule="providers", allowed=False, subject=subject, why=str(refused), hint=refused.hint)
    if denied:
        return Verdict(
            rule="providers",
            allowed=False,
            subject=subject,
            why=f"{denied} denies it",
            hint="a denial wins over every pattern that allows",
        )
    if not allowed:
        hint = "add it to `providers` of the environment's policy, if it may break this environment"
        return Verdict(
            rule="providers",
            allowed=False,
            subject=subject,
            why="no pattern of `providers` allows it",
            hint=hint,
        )
    return Verdict(rule="providers", allowed=True, subject=subject, why=f"{allowed} allows it")


def _written(activity: Activity) -> str:
    """Name the provider as it is written."""
    provider = activity.provider
    if not isinstance(provider, Mapping):
        raise ProviderRefused("its provider is not an object")
    match provider.get("type"):
        case "python":
            return f"python:{provider.get('module') if activity.control else function(provider)}"
        case "http":
            return f"http:{_without_user(str(provider.get('url')))}"
        case "process":
            return f"process:{provider.get('path')}"
        case other:
            raise ProviderRefused(f"a provider of type {other!r} is not known", "use python, http or process")


def _without_user(url: str) -> str:
    """Leave out what comes before an @: it may be a password."""
    return re.sub(r"//[^/]*@", "//…@", url)


def _patterns(policy: Policy, facts: Facts, document: Document, activity: Activity) -> tuple[str, str]:
    """Give the pattern that denies a provider and the one that allows it; empty where none does."""
    provider = activity.provider
    match provider["type"]:
        case "python":
            return _python(policy, facts, document, activity)
        case "http":
            return _http(policy, facts, document, provider)
        case _:
            return _process(policy, facts, provider)


def _python(policy: Policy, facts: Facts, document: Document, activity: Activity) -> tuple[str, str]:
    provider = activity.provider
    module, func = provider.get("module"), provider.get("func")
    if not isinstance(module, str) or not _MODULE.fullmatch(module):
        raise ProviderRefused("its module is not a plain dotted name")
    if activity.control:
        return patterns.python(policy.deny, module), patterns.python(policy.providers, module)
    if not isinstance(func, str) or not _IDENTIFIER.fullmatch(func):
        raise ProviderRefused("its func is not a plain name")
    if module.startswith("gameday.shop."):
        _shop_stays_home(policy, facts, document, provider)
    name = f"{module}.{func}"
    return patterns.python(policy.deny, name), patterns.python(policy.providers, name)


def _shop_stays_home(policy: Policy, facts: Facts, document: Document, provider: Mapping[str, Any]) -> None:
    """Refuse an argument that points the shop's functions at a host that load may not reach."""
    arguments = activities.resolve(provider.get("arguments"), document, facts.variables)
    values = arguments.values() if isinstance(arguments, Mapping) else ()
    for value in values:
        if isinstance(value, str) and ("//" in value or "\\" in value):
            host = _address(value).host
            if not any(addresses.host_matches(pattern, host) for pattern in policy.hosts):
                raise ProviderRefused(
                    f"its argument leads to {host}", "the shop's control must be on a host of `hosts`"
                )


def _address(url: str) -> addresses.Address:
    try:
        return addresses.parse(url)
    except ValueError as ambiguous:
        raise ProviderRefused(
            f"the destination of its URL is ambiguous: {ambiguous}", "write scheme, host and port literally"
        ) from ambiguous


def _http(policy: Policy, facts: Facts, document: Document, provider: Mapping[str, Any]) -> tuple[str, str]:
    url = activities.resolve(provider.get("url"), document, facts.variables)
    if not isinstance(url, str):
        raise ProviderRefused("its url is not a string")
    address = _address(url)
    return patterns.http(policy.deny, address, denying=True), patterns.http(policy.providers, address)


def _process(policy: Policy, facts: Facts, provider: Mapping[str, Any]) -> tuple[str, str]:
    path = provider.get("path")
    if not isinstance(path, str) or not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise ProviderRefused(
            "its path is not a plain path",
            "write the command's name or its full path, without . .. ~ $ or spaces",
        )
    arguments = provider.get("arguments")
    if isinstance(arguments, str) and not _SHELL_SAFE.fullmatch(arguments):
        raise ProviderRefused(
            "its arguments are one string, which a shell would interpret", "write the arguments as a list"
        )
    # Denials hold for what the command really is: a link under another name must not get around one.
    real = facts.real_paths.get(path, path)
    denied = patterns.process(_with_real(policy.deny, facts), path, real, denying=True)
    return denied, patterns.process(policy.providers, path)


def _with_real(deny: tuple[str, ...], facts: Facts) -> tuple[str, ...]:
    """Add the files that denied commands link to."""
    linked = [f"process:{facts.real_paths[path]}" for path in denied_paths(deny) if path in facts.real_paths]
    return (*deny, *linked)


def denied_paths(deny: tuple[str, ...]) -> tuple[str, ...]:
    """Give the commands that are denied by name, so that links to them can be resolved."""
    parts = [pattern.partition(":") for pattern in deny]
    return tuple(path for kind, _, path in parts if kind == "process" and "*" not in path)


def paths(documents: tuple[Document, ...]) -> tuple[str, ...]:
    """Give the commands that process providers name, so that links can be resolved."""
    used = [activity.provider for document in documents for activity in activities.find(document)]
    named = [
        provider.get("path")
        for provider in used
        if isinstance(provider, Mapping) and provider.get("type") == "process"
    ]
    return tuple(dict.fromkeys(path for path in named if isinstance(path, str)))
