"""Where a URL really leads, read so strictly that no two readers can differ.

`parse` gives scheme, host, port and path in one canonical form, or raises ValueError with what is ambiguous.
DNS is not asked.

Refused: userinfo, backslashes, blanks, control and non-ASCII characters, percent-encoded hosts, IPv4
addresses in any form but four plain decimal numbers, IPv6 zones, dot segments and control characters, however
they are encoded. An IPv4 address within IPv6 is that IPv4 address. Grammar: RFC 3986, section 3.2; disguises:
WHATWG URL, host parsing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from gameday.core.policy import paths

PORTS = {"http": 80, "https": 443}

_PLAIN = re.compile(r"[!-~]+")
_URL = re.compile(r"(?P<scheme>[a-z]+)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:[?#].*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*)(?::(?P<port>\d{1,5}))?")
_NUMBER = re.compile(r"0x[0-9a-f]*|\d+")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a URL leads. `path` is at least `/`, without query."""

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def parse(url: str) -> Address:
    """Read an absolute http or https URL. Raises ValueError with what is wrong with it."""
    if not _PLAIN.fullmatch(url) or "\\" in url:
        raise ValueError("it contains blanks, backslashes or non-ASCII characters")
    parts = _URL.fullmatch(url)
    if parts is None or parts["scheme"].lower() not in PORTS:
        raise ValueError("it is not an absolute http or https URL")
    if "@" in parts["authority"]:
        raise ValueError("a user name before @ hides the host")
    authority = _AUTHORITY.fullmatch(parts["authority"])
    if authority is None:
        raise ValueError("its host or port can't be read")
    scheme = parts["scheme"].lower()
    port = int(authority["port"] or PORTS[scheme])
    if not 0 < port < 65536:
        raise ValueError("its port is not a valid port number")
    return Address(scheme=scheme, host=canonical(authority["host"]), port=port, path=_path(parts["path"]))


def _path(path: str) -> str:
    paths.check(path)
    return path or "/"


def canonical(host: str) -> str:
    """Give a host in the one form that is compared. Raises ValueError for a host in disguise."""
    if host.startswith("[") or ":" in host:
        return _ipv6(host.removeprefix("[").removesuffix("]"))
    # A final dot names the same host.
    name = host.lower().removesuffix(".")
    # As browsers do it: a host whose last label is a number is an IPv4 address, in whatever disguise.
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return _ipv4(name)
    if not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueError(f"'{host}' is not a plain host name")
    return name


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except ValueError:
        raise ValueError(f"'{text}' is an obfuscated address; write four plain decimal numbers") from None


def _ipv6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except ValueError:
        raise ValueError(f"'{text}' is not an IPv6 address") from None
    if address.scope_id is not None:
        raise ValueError(f"'{text}' names an IPv6 zone")
    # ::ffff:10.0.0.1 leads to 10.0.0.1, and must be judged as that.
    return str(address.ipv4_mapped or address)


def is_loopback(host: str) -> bool:
    """Whether a canonical host is this machine's own loopback, whatever DNS answers."""
    # Literally, without asking DNS, whose answer may differ when the request is made.
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def may_be_loopback(host: str) -> bool:
    """Whether a canonical host may lead to this machine: what denials of loopback must cover."""
    # Linux connects to itself at the unspecified address; resolvers map names below localhost to it.
    return is_loopback(host) or host in {"0.0.0.0", "::"} or host.endswith(".localhost")  # noqa: S104  # compared, not bound


def host_matches(pattern: str, host: str) -> bool:
    """Match a canonical host: `loopback`, a network (`10.0.0.0/8`), an address, or a name with `*`."""
    if pattern.lower() == "loopback":
        return is_loopback(host)
    if "/" in pattern:
        return _within(host, pattern)
    if "*" in pattern:
        return glob(pattern.lower().removesuffix("."), host)
    try:
        return canonical(pattern) == host
    except ValueError:
        return False


def _within(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def glob(pattern: str, text: str, *, star: str = ".*") -> bool:
    """Match a whole text; only `*` is special, and stands for `star`."""
    return re.fullmatch(star.join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
