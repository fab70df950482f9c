"""Judges what providers are given: every text in their arguments, at any depth, keys included.

A URL in an argument leads somewhere as much as the URL of an HTTP provider does. The shop's own faults are
allowed without a policy, so their arguments are held to what their signatures need.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gameday.core.policy import activities, addresses, patterns, shell
from gameday.core.policy.activities import Unknown
from gameday.core.policy.model import Document, Policy
from gameday.core.policy.texts import hosts, urls

SHOP = "gameday.shop"
SHOP_MODULE = "gameday.shop.faults"
SHOP_FAULTS = (
    "a_replica_is_dead",
    "abort_at_edge",
    "clear_edge",
    "delay_at_edge",
    "deploy_release",
    "edge_is_faulty",
    "error_rate_below",
    "kill_replica",
    "login_works",
    "p95_below",
    "payments_are_slow",
    "release_is_exposed",
    "restore_payments",
    "revive_replicas",
    "shop_is_healthy",
    "slow_payments",
    "undeploy_release",
)
"""The functions of the shop that experiments may call, whatever a policy lists. A test compares them."""
SHOP_CONTROL = "GAMEDAY_SHOP_CONTROL"
"""The variable that names the shop's control server where an argument does not."""

_WORD = re.compile(r"[A-Za-z0-9_.*-]*|/[!-\[\]-~]*")


class ArgumentRefused(ValueError):
    """An argument that the policy does not allow, or can't judge, with a hint about what would be right."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.hint = hint


def texts(tree: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Give every text at any depth, with the nearest key above it; keys are texts, too."""
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            yield "", str(name)
            yield from texts(value, str(name))
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from texts(value, key)
    elif isinstance(tree, str):
        yield key, tree


def known(value: Any, document: Document, variables: Mapping[str, str]) -> Any:
    """Resolve each `${…}`; one that only the run will know stays as it is written."""
    if isinstance(value, Mapping):
        result = {key: known(each, document, variables) for key, each in value.items()}
        return shell.rekeyed(result, lambda key: known(key, document, variables))
    if isinstance(value, list | tuple):
        return [known(each, document, variables) for each in value]
    if isinstance(value, str):
        return activities.REFERENCE.sub(lambda found: _known(found[0], document, variables), value)
    return value


def _known(reference: str, document: Document, variables: Mapping[str, str]) -> str:
    # Each by itself: chaoslib fills in `${u}` in `${u}/$x`, too, where nothing defines `$x`.
    try:
        return str(activities.resolve(reference, document, variables))
    except Unknown:
        return reference


def check_urls(policy: Policy, tree: Any) -> None:
    """Raise ArgumentRefused for a URL that leads where neither `hosts` nor an `http:` pattern allows."""
    for _, text in texts(tree):
        try:
            found = urls.found(text)
        except ValueError as unclear:
            raise _elsewhere(f"a text in its arguments can't be read: {unclear}") from None
        for url in found:
            _check_url(policy, url)


def _check_url(policy: Policy, url: str) -> None:
    if url.startswith(urls.NO_SCHEME):
        raise _elsewhere(f"'{_shown(url)}' in its arguments leads to another host")
    if url[:4].lower() == "http":
        try:
            address = addresses.parse(url)
        except ValueError as ambiguous:
            raise _elsewhere(f"'{_shown(url)}' in its arguments is ambiguous: {ambiguous}") from None
        denied = patterns.http(policy.deny, address, denying=True)
        if denied:
            raise ArgumentRefused(
                f"{denied} denies {address} in its arguments", "a denial wins over every pattern that allows"
            )
        if patterns.http(policy.providers, address):
            return
        host = address.host
    else:
        host = urls.host(url)
        _check_query(policy, url)
    if not host or not any(addresses.host_matches(pattern, host) for pattern in policy.hosts):
        raise _elsewhere(f"'{_shown(url)}' in its arguments leads to {host or 'what can not be read'}")


def _check_query(policy: Policy, url: str) -> None:
    """Refuse a database's or broker's URL whose query names another host, as `?host=` does."""
    for listed in hosts.found(url.partition("?")[2].replace("&", ",")):
        host = urls.host(f"{urls.NO_SCHEME}{listed}")
        if not any(addresses.host_matches(pattern, host) for pattern in policy.hosts):
            raise _elsewhere(
                f"'{_shown(url)}' in its arguments names {host or 'a host that can not be read'}"
            )


def _elsewhere(why: str) -> ArgumentRefused:
    return ArgumentRefused(
        why, "list where it leads: an http: pattern in `providers`, or its host in `hosts`"
    )


def _shown(url: str) -> str:
    """Show a URL up to its host, without a user name, which may hide a password."""
    return re.sub(r"[^/\\]*@", "…@", re.sub(r"^(\w*:?[/\\]*[^/\\?#]*).*", r"\1", url, flags=re.DOTALL))


# --- the shop ---


def check_shop(policy: Policy, func: str, given: Any) -> None:
    """Raise ArgumentRefused for a function that the shop does not publish, or an argument that leads away."""
    if func not in SHOP_FAULTS:
        raise ArgumentRefused(
            "it is not one of the shop's faults and probes", f"the public functions of {SHOP_MODULE} are"
        )
    if given is not None and not isinstance(given, Mapping):
        raise ArgumentRefused("its arguments are not an object", "write arguments as name and value")
    for key, text in texts(given):
        if key == "control" and text:
            check_control(policy, text)
        elif not _WORD.fullmatch(text) or text.startswith("//"):
            raise ArgumentRefused(
                f"its argument {key or 'name'} '{_shown(text)}' is neither a plain word nor a path",
                "name the shop's control server in `control` only",
            )


def check_control(policy: Policy, url: str) -> None:
    """Raise ArgumentRefused for a control server of the shop that is not on a host of `hosts`."""
    hint = "the shop's control must be on a host of `hosts`; write scheme, host and port literally"
    try:
        host = addresses.parse(url).host
    except ValueError as ambiguous:
        raise ArgumentRefused(f"the destination of its control is ambiguous: {ambiguous}", hint) from None
    if not any(addresses.host_matches(pattern, host) for pattern in policy.hosts):
        raise ArgumentRefused(f"its control leads to {host}", hint)
