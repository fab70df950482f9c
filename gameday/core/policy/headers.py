"""Judges the headers of HTTP providers: those that may choose another host or path than the URL are refused.

Proxies and frameworks know hundreds of such headers, and each product adds its own. So it is a rule, not a
list: by the words in a header's name, by how a value looks, and by what an HTTP client must set itself.
Grammar: RFC 9110, 5.1 and 5.5; framing: RFC 9112, 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gameday.core.policy.texts import hosts

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# `url` and `uri` at an end of a word only: "security" has one in its middle.
_CHOOSES = re.compile(
    r"host|forward|original|rewrite|authority|path|(?:^|-)ur[il]|ur[il](?:-|$)"
    r"|rout|upstream|backend|destination|dst|redirect|prefix|script|proxy|server"
)
_OF_THE_CLIENT = re.compile(r"x-forwarded-(for|proto)|x-real-ip|(x-|true-)?client-ip|cf-connecting-ip")
"""They describe who asks, and lead nowhere."""
_FRAMING = {"content-length", "transfer-encoding", "te", "trailer", "upgrade", "http2-settings"}
"""A body that they cut short goes on as another request, to any path."""
_KEPT = {"close", "keep-alive"}
_OPAQUE = {"host", "authorization", "cookie"}


class HeaderRefused(ValueError):
    """A header that may lead elsewhere, with a hint about what would be right."""

    def __init__(self, why: str, hint: str = "leave the header out") -> None:
        super().__init__(why)
        self.hint = hint


def hosts_of(given: Any) -> list[str]:
    """Give the hosts that Host headers name. Raises HeaderRefused for headers that choose a destination."""
    return [value for name, value in _checked(given) if name == "host"]


def leads_of(given: Any) -> list[str]:
    """Give the hosts that values of other headers list, with port and path. Raises HeaderRefused."""
    return [
        host
        for name, value in _checked(given)
        if name not in _OPAQUE and not _OF_THE_CLIENT.fullmatch(name)
        for host in _listed(name, value)
    ]


def _listed(name: str, value: str) -> tuple[str, ...]:
    try:
        return hosts.found(value)
    except ValueError as unclear:
        raise HeaderRefused(f"its header '{name}' can't be read: {unclear}") from None


def _checked(given: Any) -> Iterator[tuple[str, str]]:
    if given is None:
        return
    if not isinstance(given, Mapping):
        raise HeaderRefused("its headers are not an object", "write headers as name and value")
    for written, content in given.items():
        name, value = str(written).strip(" ").lower().replace("_", "-"), str(content).strip()
        if why := _wrong(str(written), name, str(content)):
            raise HeaderRefused(why)
        yield name, value


def _wrong(written: str, name: str, value: str) -> str:
    if "$" in name or (_CHOOSES.search(name) and name != "host" and not _OF_THE_CLIENT.fullmatch(name)):
        return f"its header '{written}' may choose another destination than its URL"
    if not _TOKEN.fullmatch(name):
        return f"the name of its header '{written}' is not plain, and may choose another destination"
    if _CONTROL.search(value):
        return f"its header '{written}' holds control characters, which may begin another header"
    kept = {each.strip().lower() for each in value.split(",")} <= _KEPT
    if name in _FRAMING or (name == "connection" and not kept):
        return f"its header '{written}' is the HTTP client's own, and may hide another request"
    return ""
