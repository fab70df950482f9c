"""Judges providers: which Python functions, which URLs, which commands an experiment may call.

There is a verdict for every provider, wherever it is named: hypothesis, method, rollbacks, controls,
tolerances, dynamic configuration, `still-exposed`.
"""

from __future__ import annotations

import contextlib
import fnmatch
import itertools
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gameday.core.policy import activities, addresses, arguments, headers, patterns, shell
from gameday.core.policy.activities import Activity, Unknown
from gameday.core.policy.arguments import ArgumentRefused
from gameday.core.policy.headers import HeaderRefused
from gameday.core.policy.model import Document, Facts, Policy, Verdict
from gameday.core.policy.texts import names

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MODULE = re.compile(rf"{_IDENTIFIER.pattern}(\.{_IDENTIFIER.pattern})*")
_PATH = re.compile(r"/?([A-Za-z0-9._+@-]+/)*[A-Za-z0-9._+@-]+")
_PROGRAMS = ("/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/usr/local/sbin")
_HTTP_KEYS = {
    *("type", "url", "method", "headers", "timeout", "arguments", "verify_tls", "max_retries"),
    *("secrets", "expected_status"),
}


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
        yield from _vault(policy, facts, document)


def _vault(policy: Policy, facts: Facts, document: Document) -> Iterator[Verdict]:
    """Refuse a vault elsewhere: chaoslib sends it a token before anything else runs."""
    configured = activities.configured(document, facts.variables)
    if configured.get("vault_addr"):
        try:
            arguments.check_urls(policy, [str(configured["vault_addr"])])
        except ArgumentRefused as refused:
            yield Verdict(
                rule="providers",
                allowed=False,
                subject=f"{document.name}: vault_addr",
                why=str(refused),
                hint=refused.hint,
            )


def function(provider: Any) -> str:
    """Give the dotted name that a python provider calls; empty for any other."""
    if isinstance(provider, Mapping) and provider.get("type") == "python":
        return f"{provider.get('module')}.{provider.get('func')}"
    return ""


def _verdict(policy: Policy, facts: Facts, document: Document, activity: Activity) -> Verdict:
    subject = activity.where
    try:
        subject = f"{activity.where}: {_written(activity)}"
        subject = f"{activity.where}: {_resolved(facts, document, activity)}"
        denied, allowed = _patterns(policy, facts, document, activity)
    except (ProviderRefused, ArgumentRefused, HeaderRefused, Unknown) as refused:
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


def _resolved(facts: Facts, document: Document, activity: Activity) -> str:
    """Name what will be called: the URL with its variables filled in, the file that a command is."""
    provider = activity.provider
    match provider.get("type"):
        case "http":
            return f"http:{_without_user(str(_url(facts, document, provider)))}"
        case "process":
            path = str(provider.get("path"))
            real = facts.real_paths.get(path, path)
            return f"process:{path}" + (f" ({real})" if real != path else "")
        case _:
            return _written(activity)


def _without_user(url: str) -> str:
    """Leave out what comes before an @: it may be a password. And the query, which may hold a token."""
    return re.sub(r"//[^/]*@", "//…@", url.partition("?")[0])


def _patterns(policy: Policy, facts: Facts, document: Document, activity: Activity) -> tuple[str, str]:
    """Give the pattern that denies a provider and the one that allows it; empty where none does."""
    provider = activity.provider
    match provider["type"]:
        case "python":
            return _python(policy, facts, document, activity)
        case "http":
            return _http(policy, facts, document, provider)
        case _:
            return _process(policy, facts, document, provider)


def _python(policy: Policy, facts: Facts, document: Document, activity: Activity) -> tuple[str, str]:
    provider = activity.provider
    module, func = provider.get("module"), provider.get("func")
    if not isinstance(module, str) or not _MODULE.fullmatch(module):
        raise ProviderRefused("its module is not a plain dotted name")
    ours = f"{module}.".startswith(f"{arguments.SHOP}.")
    if activity.control:
        if ours:
            raise ProviderRefused("the shop has no controls", "name a module of your own")
        return patterns.python(policy.deny, module), patterns.python(policy.providers, module)
    if not isinstance(func, str) or not _IDENTIFIER.fullmatch(func):
        raise ProviderRefused("its func is not a plain name")
    if ours:
        _shop_stays_home(policy, facts, document, provider)
    else:
        _check_arguments(policy, facts, document, provider)
    name = f"{module}.{func}"
    return patterns.python(policy.deny, name), patterns.python(policy.providers, name)


def _shop_stays_home(policy: Policy, facts: Facts, document: Document, provider: Mapping[str, Any]) -> None:
    """Refuse all of the shop but its faults, and what would lead them to a host that load may not reach."""
    public = provider.get("func") if provider.get("module") == arguments.SHOP_MODULE else ""
    # Raises Unknown where an argument can't be known: nothing else limits where these functions lead.
    given = activities.resolve(provider.get("arguments"), document, facts.variables)
    arguments.check_shop(policy, str(public), given)
    control = facts.variables.get(arguments.SHOP_CONTROL)
    if control and not (isinstance(given, Mapping) and given.get("control")):
        arguments.check_control(policy, control)


def _check_arguments(policy: Policy, facts: Facts, document: Document, provider: Mapping[str, Any]) -> None:
    """Refuse a URL within the arguments that leads where nothing is listed."""
    arguments.check_urls(policy, arguments.known(provider.get("arguments"), document, facts.variables))


def _address(url: str) -> addresses.Address:
    try:
        return addresses.parse(url)
    except ValueError as ambiguous:
        raise ProviderRefused(
            f"the destination of its URL is ambiguous: {ambiguous}", "write scheme, host and port literally"
        ) from ambiguous


def _url(facts: Facts, document: Document, provider: Mapping[str, Any]) -> Any:
    return activities.resolve(provider.get("url"), document, facts.variables)


def _http(policy: Policy, facts: Facts, document: Document, provider: Mapping[str, Any]) -> tuple[str, str]:
    url = _url(facts, document, provider)
    if not isinstance(url, str):
        raise ProviderRefused("its url is not a string")
    unknown = sorted(set(map(str, provider)) - _HTTP_KEYS)
    if unknown:
        raise ProviderRefused(f"its key '{unknown[0]}' is not known", f"use {', '.join(sorted(_HTTP_KEYS))}")
    if not re.fullmatch(r"[A-Za-z]+", str(provider.get("method", "GET"))):
        # http.client writes it into the request line as it is, blanks and a second URL included.
        raise ProviderRefused("its method is not a plain word")
    address = _address(url)
    given = arguments.known(provider.get("headers"), document, facts.variables)
    # A server may choose a site by its Host header: each must be allowed as if it were the URL's own.
    hosts = [_address(f"{address.scheme}://{host}{address.path}") for host in headers.hosts_of(given)]
    arguments.check_urls(policy, [f"{address.scheme}://{lead}" for lead in headers.leads_of(given)])
    # What its own scheme begins is judged below; other URLs may stand within it.
    arguments.check_urls(policy, [given, url.partition("://")[2]])
    _check_arguments(policy, facts, document, provider)
    judged = [
        (patterns.http(policy.deny, each, denying=True), patterns.http(policy.providers, each))
        for each in (*(replace(host, port=address.port) for host in hosts), address)
    ]
    denied = next((pattern for pattern, _ in judged if pattern), "")
    return denied, judged[-1][1] if all(allowed for _, allowed in judged) else ""


def _process(
    policy: Policy, facts: Facts, document: Document, provider: Mapping[str, Any]
) -> tuple[str, str]:
    path = provider.get("path")
    if not isinstance(path, str) or not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise ProviderRefused(
            "its path is not a plain path",
            "write the command's name or its full path, without . .. ~ $ or spaces",
        )
    given = provider.get("arguments")
    if isinstance(given, str) and not shell.is_plain(given):
        given = shell.resolved(given, document, facts.variables)
        if isinstance(given, str):
            return _shell(policy, facts, document, f"{path} {given}")
    given = shell.filled(given, document, facts.variables, certain=denies_commands(policy.deny))
    _check_arguments(policy, facts, document, {"arguments": given})
    return _denied(policy, facts, [path], given), patterns.process(policy.providers, path)


def _shell(policy: Policy, facts: Facts, document: Document, line: str) -> tuple[str, str]:
    """Give the patterns that deny and allow a command line that a shell reads."""
    _check_arguments(policy, facts, document, {"arguments": line})
    allowed = shell.match(policy.providers, line)
    if not allowed:
        raise ProviderRefused(
            "its arguments are one text, which a shell would read, and no `shell:` pattern matches all of it",
            "add the whole line, with its variables filled in, as shell:… to `providers` of the "
            "environment's policy; or write the arguments as a list",
        )
    return shell.match(policy.deny, line, denying=True) or _denied(policy, facts, [], line), allowed


def _denied(policy: Policy, facts: Facts, path: list[str], given: Any) -> str:
    """Give the pattern that denies a command or what its arguments name; empty where none does.

    Denials hold for what the command really is: a link under another name must not get around one. They
    hold for its arguments, too: `env sh`, `env -Ssh`, `sudo sh` and `timeout 5 sh` run what they are given.
    """
    named = dict.fromkeys((*path, *_named(given)))  # refuses what is too long for approvals, too
    if not denies_commands(policy.deny):
        return ""
    deny = _with_real(policy.deny, facts)
    for name in named:
        real = facts.real_paths.get(name, name)
        # By its own name, too: a copy, or a link that is made later, is what it is called.
        pattern = patterns.process(deny, name, real, posixpath.basename(name), denying=True)
        if pattern := pattern or _expanding(deny, name):
            return pattern if name in path else f"{pattern}, which its arguments name as '{name}',"
    return ""


def _expanding(deny: tuple[str, ...], name: str) -> str:
    """Give the denied command that a path with wildcards may stand for; empty where there is none."""
    if "/" not in name or not set("?*[") & set(name):
        return ""
    for path in denied_paths(deny):
        places = [path] if "/" in path else [f"{folder}/{path}" for folder in _PROGRAMS]
        if any(fnmatch.fnmatchcase(place, name) for place in places):
            return f"process:{path}"
    return ""


def _named(given: Any) -> list[str]:
    """Give the commands and files that arguments may name. Raises ProviderRefused for too many."""
    every = (name for _, text in arguments.texts(given) for name in names.find(text))
    found = list(itertools.islice(every, names.MOST + 1))
    if len(found) > names.MOST:
        raise ProviderRefused(
            "its arguments are too long to be held against what is denied", "write them into a file"
        )
    return found


def denies_commands(deny: tuple[str, ...]) -> bool:
    """Whether patterns deny any command: only then is it asked what arguments name."""
    return any(pattern.startswith(("process:", "shell:")) for pattern in deny)


def _with_real(deny: tuple[str, ...], facts: Facts) -> tuple[str, ...]:
    """Add the files that denied commands link to."""
    linked = [f"process:{facts.real_paths[path]}" for path in denied_paths(deny) if path in facts.real_paths]
    return (*deny, *linked)


def denied_paths(deny: tuple[str, ...]) -> tuple[str, ...]:
    """Give the commands that are denied by name, so that links to them can be resolved."""
    parts = [pattern.partition(":") for pattern in deny]
    return tuple(path for kind, _, path in parts if kind == "process" and "*" not in path)


def paths(documents: tuple[Document, ...]) -> tuple[str, ...]:
    """Give the commands that process providers are, so that links can be resolved."""
    named = [provider.get("path") for _, provider in _processes(documents)]
    return tuple(dict.fromkeys(path for path in named if isinstance(path, str)))


def named(documents: tuple[Document, ...], variables: Mapping[str, str]) -> tuple[str, ...]:
    """Give the commands and files that the arguments of process providers may name, `${…}` filled in."""
    found: dict[str, None] = {}
    for document, provider in _processes(documents):
        given = shell.filled(provider.get("arguments"), document, variables, certain=False)
        with contextlib.suppress(ProviderRefused):  # its verdict says so
            found |= dict.fromkeys(_named(given))
    return tuple(found)


def _processes(documents: tuple[Document, ...]) -> Iterator[tuple[Document, Mapping[str, Any]]]:
    for document in documents:
        for activity in activities.find(document):
            provider = activity.provider
            if isinstance(provider, Mapping) and provider.get("type") == "process":
                yield document, provider
