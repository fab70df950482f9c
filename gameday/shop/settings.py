"""The shop's settings, as one value that mitigations and faults change and that replicas read.

Pure: the control server writes the file that the replicas read, and configures the edge.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from ipaddress import ip_address

from gameday.shop.releases import API_KEYS, RELEASES, STABLE, Release

BREAKERS = ("payments", "recommendations")
ROUTES = ("products", "cart", "checkout", "login")
MAX_REPLICAS = 6
PAYMENT_SECONDS = 0.04


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployed:
    """A deployed release, with its flags as people last set them."""

    release: str
    flags: dict[str, bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class EdgeFault:
    """What Envoy's fault filter does to one route. Delay in seconds, shares in percent."""

    delay: float = 0.0
    delay_percent: int = 0
    abort_percent: int = 0
    abort_status: int = 503


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything that can be set.

    deployed       releases in the order of deployment; the last one serves
    rate_limit     requests/s that the edge lets through; None: all
    payments       seconds that the payment provider takes to answer
    """

    deployed: tuple[Deployed, ...] = (Deployed(release=STABLE.name, flags=dict(STABLE.flags)),)
    breakers: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()
    rate_limit: int | None = None
    replicas: int = 2
    restart_crashed: bool = False
    payments: float = PAYMENT_SECONDS
    edge: dict[str, EdgeFault] = field(default_factory=dict)

    @property
    def release(self) -> Release:
        """Give the release that serves."""
        return RELEASES[self.deployed[-1].release]

    @property
    def flags(self) -> dict[str, bool]:
        """Give the feature flags in force."""
        return self.deployed[-1].flags


def encode(settings: Settings) -> str:
    """Write settings as JSON."""
    return json.dumps(asdict(settings))


def decode(text: str) -> Settings:
    """Read what `encode` wrote."""
    data = json.loads(text)
    data["deployed"] = tuple(Deployed(**entry) for entry in data["deployed"])
    data["edge"] = {route: EdgeFault(**fault) for route, fault in data["edge"].items()}
    for name in ("breakers", "blocked", "revoked"):
        data[name] = tuple(data[name])
    return Settings(**data)


def with_flag(settings: Settings, name: str, on: bool) -> Settings:
    """Turn a feature flag on or off. Raises ValueError for an unknown flag."""
    _check_known("flag", name, settings.flags)
    top = settings.deployed[-1]
    flagged = replace(top, flags={**top.flags, name: on})
    return replace(settings, deployed=(*settings.deployed[:-1], flagged))


def with_release(settings: Settings, name: str) -> Settings:
    """Deploy a release: its manifest sets the flags. Deploying the serving one again resets them."""
    _check_known("release", name, RELEASES)
    earlier = settings.deployed[:-1] if settings.release.name == name else settings.deployed
    entry = Deployed(release=name, flags=dict(RELEASES[name].flags))
    return replace(settings, deployed=(*earlier, entry))


def rolled_back(settings: Settings) -> Settings:
    """Go back to the release before, with its flags as they were. Raises ValueError at the first."""
    if len(settings.deployed) == 1:
        raise ValueError(f"there is no release before {settings.release.name}")
    return replace(settings, deployed=settings.deployed[:-1])


def with_breaker(settings: Settings, name: str, open_: bool) -> Settings:
    """Open or close a circuit breaker."""
    _check_known("breaker", name, BREAKERS)
    return replace(settings, breakers=_member(settings.breakers, name, open_))


def with_blocked(settings: Settings, address: str, blocked: bool) -> Settings:
    """Block or unblock a client's address. Raises ValueError for what is not an IP address."""
    return replace(settings, blocked=_member(settings.blocked, str(ip_address(address)), blocked))


def with_revoked(settings: Settings, key: str) -> Settings:
    """Revoke an API key for good."""
    _check_known("API key", key, API_KEYS)
    return replace(settings, revoked=_member(settings.revoked, key, True))


def with_rate_limit(settings: Settings, limit: int) -> Settings:
    """Let `limit` requests/s through at the edge; 0 lets all through."""
    if limit < 0:
        raise ValueError(f"a rate limit is 0 (none) or more requests/s, not {limit}")
    return replace(settings, rate_limit=limit or None)


def with_replicas(settings: Settings, count: int) -> Settings:
    """Change the number of replicas."""
    if not 1 <= count <= MAX_REPLICAS:
        raise ValueError(f"the shop has 1 to {MAX_REPLICAS} replicas, not {count}")
    return replace(settings, replicas=count)


def with_payments(settings: Settings, seconds: float) -> Settings:
    """Set how long the payment provider takes."""
    if not 0 <= seconds <= 60:
        raise ValueError(f"the payment provider answers within 0 to 60 s, not {seconds}")
    return replace(settings, payments=seconds)


def with_edge(settings: Settings, route: str, fault: EdgeFault | None) -> Settings:
    """Set or clear what the edge does to a route; `*` means all routes."""
    routes = ROUTES if route == "*" else (route,)
    _check_known("route", routes[0], ROUTES)
    rest = {name: old for name, old in settings.edge.items() if name not in routes}
    return replace(settings, edge=rest if fault is None else {**rest, **dict.fromkeys(routes, fault)})


def _member(names: tuple[str, ...], name: str, present: bool) -> tuple[str, ...]:
    return tuple(sorted({*names, name} if present else {*names} - {name}))


def _check_known(kind: str, name: str, names: Iterable[str]) -> None:
    known = tuple(names)
    if name not in known:
        raise ValueError(f"there is no {kind} '{name}'; choose from: {', '.join(known)}")
