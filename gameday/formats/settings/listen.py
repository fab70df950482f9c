"""`HOST:PORT` at which an integration listens: what is bound, and whether other hosts can reach it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

from gameday.core.policy import addresses

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # named, not bound
_FORM = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, kw_only=True, slots=True)
class ListenAddress:
    """An address to bind. host: a name or an address, without brackets; port: 1 to 65535."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only processes of this machine reach it. Of names, only localhost is known to be so."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_everywhere(self) -> bool:
        """Whether it is no one address, but all addresses of this machine."""
        return self.host in EVERYWHERE


def parse(text: str) -> ListenAddress:
    """Read `HOST:PORT`, `[IPV6]:PORT`, or `:PORT` for all IPv4 addresses. Raises ValueError."""
    parts = _FORM.fullmatch(text)
    if parts is None:
        raise ValueError("it is not HOST:PORT")
    port = int(parts["port"])
    if not 0 < port < 65_536:
        raise ValueError("its port is not between 1 and 65535")
    return ListenAddress(host=addresses.canonical(parts["host"] or EVERYWHERE[0]), port=port)
