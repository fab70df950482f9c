"""The patterns of `providers` and `deny`: `python:NAME`, `http:URL`, `process:PATH`, `shell:TEXT`.

Only `*` is special.

python   a dotted name and everything below it: `python:chaosk8s.pod`, `python:*.probes`
http     `http:*`, or `http:SCHEME://HOST[:PORT][/PATH]`; HOST as in `hosts`, PORT a number or `*`
process  a path or a bare command name; `*` stays within one folder, and alone is every command
shell    a whole command line that a shell reads (`core.policy.shell`)

A denying pattern matches more than an allowing one: without a port it means any port, one of loopback's
names means all of them, `*` crosses folders, and a path matches in any spelling (`core.policy.paths`). An
allowing pattern must match every form in which a server may read the path. What can't be read is a mistake,
never a pattern that silently matches nothing.
"""

from __future__ import annotations

import re

from gameday.core.policy import addresses, paths
from gameday.core.policy.addresses import Address

_NAME = re.compile(r"[A-Za-z0-9_*]+(\.[A-Za-z0-9_*]+)*")
_PATH = re.compile(r"[A-Za-z0-9._+@*/-]+")
_URL = re.compile(
    r"(?P<scheme>https?|\*)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._*-]+)(?::(?P<port>\d{1,5}|\*))?(?P<path>/[!-~]*)?"
)


def mistake(pattern: str) -> str:
    """Explain what is wrong with a pattern; empty where nothing is."""
    kind, _, rest = pattern.partition(":")
    match kind:
        case "python":
            valid = bool(_NAME.fullmatch(rest))
        case "process":
            valid = bool(_PATH.fullmatch(rest)) and not {".", ".."} & set(rest.split("/"))
        case "http":
            valid = rest == "*" or _readable(rest)
        case "shell":
            valid = bool(rest.strip()) and rest.isprintable()
        case _:
            return f"'{pattern}' is not a pattern; write python:NAME, http:URL, process:PATH or shell:TEXT"
    return "" if valid else f"'{pattern}' can't be read as a pattern of kind {kind}"


def _readable(rest: str) -> bool:
    parts = _URL.fullmatch(rest)
    if parts is None or not _path_is_readable(parts["path"] or "/"):
        return False
    if "*" in parts["host"] or parts["host"] == "loopback":
        return True
    try:
        addresses.canonical(parts["host"])
    except ValueError:
        return False
    return True


def _path_is_readable(path: str) -> bool:
    """Whether a pattern's path can match: an address has no query, and no dot segments."""
    try:
        paths.check(path)
    except ValueError:
        return False
    return not set("?#\\") & set(path)


def _rests(patterns: tuple[str, ...], kind: str) -> list[tuple[str, str]]:
    parts = [(pattern, pattern.partition(":")) for pattern in patterns]
    return [(pattern, rest) for pattern, (its, _, rest) in parts if its == kind]


def python(patterns: tuple[str, ...], name: str) -> str:
    """Give the first pattern that matches a dotted name or a package above it; empty when none does."""
    parts = name.split(".")
    above = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
    for pattern, rest in _rests(patterns, "python"):
        if any(addresses.glob(rest, package) for package in above):
            return pattern
    return ""


def exactly(patterns: tuple[str, ...], name: str) -> bool:
    """Whether a pattern names exactly this function, without `*`."""
    return f"python:{name}" in patterns


def process(patterns: tuple[str, ...], *paths: str, denying: bool = False) -> str:
    """Give the first pattern that matches one of the names of a command; empty when none does."""
    star = ".*" if denying else "[^/]*"
    for pattern, rest in _rests(patterns, "process"):
        if rest == "*" or any(addresses.glob(rest, path, star=star) for path in paths):
            return pattern
    return ""


def http(patterns: tuple[str, ...], address: Address, *, denying: bool = False) -> str:
    """Give the first pattern that matches an address; empty when none does."""
    for pattern, rest in _rests(patterns, "http"):
        if rest == "*" or _matches(rest, address, denying=denying):
            return pattern
    return ""


def _matches(rest: str, address: Address, *, denying: bool) -> bool:
    parts = _URL.fullmatch(rest)
    if parts is None or parts["scheme"] not in {"*", address.scheme}:
        return False
    # Without a port: the scheme's own where it allows, any where it denies.
    port = parts["port"] or ("*" if denying else str(addresses.PORTS[address.scheme]))
    return (
        (port == "*" or int(port) == address.port)
        and _host(parts["host"], address.host, denying=denying)
        and _path(parts["path"] or "*", address.path, denying=denying)
    )


def _path(pattern: str, path: str, *, denying: bool) -> bool:
    """Match a path in any of its forms where it is denied, in all of them where it is allowed."""
    if denying:
        written = paths.loose_forms(pattern)
        return any(addresses.glob(each, form) for each in written for form in paths.loose_forms(path))
    written = paths.forms(pattern)
    return all(any(addresses.glob(each, form) for each in written) for form in paths.forms(path))


def _host(pattern: str, host: str, *, denying: bool) -> bool:
    if addresses.host_matches(pattern, host):
        return True
    return denying and addresses.may_be_loopback(host) and _names_loopback(pattern)


def _names_loopback(pattern: str) -> bool:
    """Whether a pattern means this machine by one of its names or addresses."""
    if any(addresses.host_matches(pattern, name) for name in ("localhost", "127.0.0.1", "::1")):
        return True
    try:
        return addresses.may_be_loopback(addresses.canonical(pattern))
    except ValueError:
        return False
