"""The hosts that a short text lists, such as a header's value or a query: names with a dot, and addresses.

Entries are what separators, quotes and brackets leave; one of several words counts where all of them are
hosts, so that a sentence that names one lists nothing. Where one entry is a host, other plain words are
hosts, too. Addresses count in every form that some resolver accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv6Address

from gameday.core.policy.texts import decoded

_SEPARATORS = re.compile(r"[,;|]")
_AROUND = " \t\"'`<>(){}"
_NAMED = re.compile(r"[\w-]+=[\"']?(?P<value>[^\"'=]+)[\"']?")
_USER = re.compile(r"[^@/\s]*@")
_HOST = re.compile(
    r"(?:(?:[a-z0-9_-]{1,63}\.)+[a-z][a-z0-9-]{0,62}\.?|localhost|\d+(?:\.\d+){3}|\[[0-9a-f:.]+\])"
    r"(?::\d+)?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?(?::\d{1,5})?", re.IGNORECASE)
_NUMBER = re.compile(r"0x[0-9a-f]{7,8}|0[0-7]{9,11}|[1-9]\d{7,9}", re.IGNORECASE)
_FIRST, _LAST = 1 << 24, 1 << 32
"""Numbers that resolvers take for the addresses from 1.0.0.0 on."""


def found(text: str) -> tuple[str, ...]:
    """Give the hosts, each with the port and path after it, as URLs have them.

    Raises ValueError for a text that is encoded too often to be read.
    """
    return tuple(dict.fromkeys(host for form in decoded.forms(text) for host in _in_form(form)))


def _in_form(text: str) -> Iterator[str]:
    entries = [[word.strip(_AROUND) for word in entry.split()] for entry in _SEPARATORS.split(text)]
    found = [
        host for entry in entries if all(hosts := [_host(_bare(word)) for word in entry]) for host in hosts
    ]
    yield from found
    # In a list of hosts, plain words are hosts, too.
    others = [word for entry in entries for word in entry if not _host(_bare(word))]
    if found and all(map(_LABEL.fullmatch, others)):
        yield from others


def _bare(word: str) -> str:
    """Give an entry's value without its name, its quotes, and a user before an @."""
    named = _NAMED.fullmatch(word)
    return _USER.sub("", named["value"] if named else word, count=1)


def _host(word: str) -> str:
    if _HOST.fullmatch(word):
        return word
    if _NUMBER.fullmatch(word):
        return word if _FIRST <= int(word, _base(word)) < _LAST else ""
    return _ipv6(word)


def _base(number: str) -> int:
    return 16 if number[:2].lower() == "0x" else 8 if number[0] == "0" else 10


def _ipv6(word: str) -> str:
    try:
        return f"[{IPv6Address(word)}]" if ":" in word else ""
    except ValueError:
        return ""
