"""The levers that responders pull, as functions; `gameday shop …` is the same by hand.

Each gives `{"action", "changed"}`. Comes in: names and numbers. Raises UsageError for what makes no
sense and NotReady when the shop is not up. The actor is GAMEDAY_ACTOR, else the user's name.
"""

from __future__ import annotations

import getpass
import os
from typing import Any

from gameday.shop import client


def _pull(action: str, **args: object) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/actions", {"action": action, "actor": actor(), "args": args})
    return answer


def actor() -> str:
    """Name who acts."""
    return os.environ.get("GAMEDAY_ACTOR") or getpass.getuser()


def flag(name: str, *, on: bool) -> dict[str, Any]:
    """Turn a feature flag on or off."""
    return _pull("flag", name=name, on=on)


def deploy(release: str) -> dict[str, Any]:
    """Deploy a release."""
    return _pull("deploy", release=release)


def rollback() -> dict[str, Any]:
    """Go back to the release before."""
    return _pull("rollback")


def restart(replica: str = "") -> dict[str, Any]:
    """Restart one replica, or all."""
    return _pull("restart", replica=replica)


def scale(count: int) -> dict[str, Any]:
    """Have another number of replicas."""
    return _pull("scale", count=count)


def add_index(name: str) -> dict[str, Any]:
    """Create an index of the database."""
    return _pull("index-add", name=name)


def breaker(name: str, *, open_: bool) -> dict[str, Any]:
    """Open or close the circuit breaker of a dependency."""
    return _pull("breaker", name=name, open=open_)


def rate_limit(limit: int) -> dict[str, Any]:
    """Let only so many requests/s through at the edge; 0 lets all through."""
    return _pull("rate-limit", limit=limit)


def block(address: str) -> dict[str, Any]:
    """Refuse a client's address at the edge."""
    return _pull("block", address=address)


def unblock(address: str) -> dict[str, Any]:
    """Serve a client's address again."""
    return _pull("unblock", address=address)


def revoke_key(key: str) -> dict[str, Any]:
    """Revoke an API key."""
    return _pull("revoke-key", key=key)


def reset() -> dict[str, Any]:
    """Go back to how the shop came up: release, flags, indexes, breakers, limits, replicas."""
    return _pull("reset")


def status() -> dict[str, Any]:
    """Tell how the shop is."""
    answer: dict[str, Any] = client.get("/status")
    return answer


def register(url: str, control: str = "") -> None:
    """Let the monitor send its alerts to a URL on loopback."""
    client.post("/receivers", {"url": url}, control)


def unregister(url: str, control: str = "") -> None:
    """Let the monitor forget a URL."""
    client.delete("/receivers", {"url": url}, control)
