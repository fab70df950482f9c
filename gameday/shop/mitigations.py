"""What people do to the shop, each mitigation once: its name, arguments, help text and effect.

The commands of `gameday shop` are made from them: a new mitigation is one function here, and its effect in
`service`. Imported for every `gameday --help`, so it imports as little as `actions`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gameday.shop.actions import Action, ActionOutcome, Argument, Command, Run

if TYPE_CHECKING:
    from gameday.shop.service import Shop

MITIGATIONS: dict[str, Action] = {}


def _mitigation(name: str, *arguments: Argument, commands: Sequence[Command] = ()) -> Callable[[Run], Run]:
    """Register a mitigation; its command has its name, and its docstring as help, unless others are given."""

    def register(run: Run) -> Run:
        own = Command(name, run.__doc__ or "")
        MITIGATIONS[name] = Action(name, arguments, run, commands or (own,))
        return run

    return register


@_mitigation("flag", Argument("name"), Argument("on", bool, label="state"))
async def _flag(shop: Shop, name: str, on: bool) -> ActionOutcome:
    """Turn a feature flag on or off."""
    from gameday.shop import settings  # noqa: PLC0415  # not for help pages

    changed = await shop.set(settings.with_flag(shop.settings, name, on))
    return ActionOutcome(f"flag {name} {'on' if on else 'off'}", changed)


@_mitigation("deploy", Argument("release"))
async def _deploy(shop: Shop, release: str) -> ActionOutcome:
    """Deploy a release to all replicas."""
    from gameday.shop import settings  # noqa: PLC0415  # not for help pages

    changed = await shop.deploy(lambda now: settings.with_release(now, release))
    return ActionOutcome(f"deploy {release}", changed)


@_mitigation("rollback")
async def _rollback(shop: Shop) -> ActionOutcome:
    """Roll back to the previous release."""
    from gameday.shop import settings  # noqa: PLC0415  # not for help pages

    return ActionOutcome("rollback", await shop.deploy(settings.rolled_back))


@_mitigation("restart", Argument("replica", default="", help="Its name; without it, all replicas."))
async def _restart(shop: Shop, replica: str) -> ActionOutcome:
    """Restart one replica, or all of them, each as a new process."""
    return ActionOutcome(f"restart {replica}".strip(), await shop.restart(replica or None))


@_mitigation("scale", Argument("count", int))
async def _scale(shop: Shop, count: int) -> ActionOutcome:
    """Change the number of replicas."""
    return ActionOutcome(f"scale {count}", await shop.scale(count))


@_mitigation("index-add", Argument("name"), commands=[Command("index add", "Create an index.")])
async def _index_add(shop: Shop, name: str) -> ActionOutcome:
    return ActionOutcome(f"index add {name}", await shop.add_index(name))


@_mitigation(
    "breaker",
    Argument("name"),
    Argument("open", bool),
    commands=[
        Command("breaker open", "Stop calling a dependency, and do without it.", {"open": True}),
        Command("breaker close", "Call a dependency again.", {"open": False}),
    ],
)
async def _breaker(shop: Shop, name: str, open: bool) -> ActionOutcome:  # noqa: A002  # the request's own word
    from gameday.shop import settings  # noqa: PLC0415  # not for help pages

    changed = await shop.set(settings.with_breaker(shop.settings, name, open))
    return ActionOutcome(f"breaker {'open' if open else 'close'} {name}", changed)


@_mitigation("rate-limit", Argument("limit", int, help="Requests/s; 0 lets all through."))
async def _rate_limit(shop: Shop, limit: int) -> ActionOutcome:
    """Limit the requests/s that the edge lets through."""
    from gameday.shop import settings  # noqa: PLC0415  # not for help pages

    changed = await shop.set(settings.with_rate_limit(shop.settings, limit))
    return ActionOutcome(f"rate-limit {limit}", changed)


@_mitigation("block", Argument("address"))
async def _block(shop: Shop, address: str) -> ActionOutcome:
    """Refuse a client's address (X-Forwarded-For) at the edge."""
    from gameday.shop import settings  # noqa: PLC0415  # not for help pages

    changed = await shop.set(settings.with_blocked(shop.settings, address, True))
    return ActionOutcome(f"block {address}", changed)


@_mitigation("unblock", Argument("address"))
async def _unblock(shop: Shop, address: str) -> ActionOutcome:
    """Unblock a client's address."""
    from gameday.shop import settings  # noqa: PLC0415  # not for help pages

    changed = await shop.set(settings.with_blocked(shop.settings, address, False))
    return ActionOutcome(f"unblock {address}", changed)


@_mitigation("revoke-key", Argument("key"))
async def _revoke_key(shop: Shop, key: str) -> ActionOutcome:
    """Revoke an API key."""
    from gameday.shop import settings  # noqa: PLC0415  # not for help pages

    changed = await shop.set(settings.with_revoked(shop.settings, key))
    return ActionOutcome(f"revoke-key {key}", changed)


@_mitigation("reset")
async def _reset(shop: Shop) -> ActionOutcome:
    """Restore the shop's initial state: release, flags, indexes, breakers, limits, replicas."""
    return ActionOutcome("reset", await shop.reset())
