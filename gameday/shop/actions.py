"""Every action on the shop by its name: what it needs, what it does, how the trail words it.

Comes in: `{"action", "actor", "args"}` as JSON. Goes out: the effect, and a line in the trail.
Levers and faults use the same actions; who acted is told by the actor.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gameday.core.errors import UsageError
from gameday.shop import settings
from gameday.shop.service import Shop
from gameday.shop.settings import EdgeFault
from gameday.system import clock

Args = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """What was done, as the trail says it, and whether it changed anything."""

    action: str
    changed: bool


Act = Callable[[Shop, Args], Awaitable[ActionOutcome]]


def _text(args: Args, name: str) -> str:
    value = args.get(name)
    if not isinstance(value, str) or not value:
        raise UsageError(f"'{name}' is missing")
    return value


def _number(args: Args, name: str, default: float | None = None) -> float:
    value = args.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"'{name}' is not a number")
    return value


def _switch(args: Args, name: str) -> bool:
    value = args.get(name)
    if not isinstance(value, bool):
        raise UsageError(f"'{name}' is neither true nor false")
    return value


async def _flag(shop: Shop, args: Args) -> ActionOutcome:
    name, on = _text(args, "name"), _switch(args, "on")
    changed = await shop.set(settings.with_flag(shop.settings, name, on))
    return ActionOutcome(f"flag {name} {'on' if on else 'off'}", changed)


async def _deploy(shop: Shop, args: Args) -> ActionOutcome:
    release = _text(args, "release")
    return ActionOutcome(
        f"deploy {release}", await shop.deploy(lambda now: settings.with_release(now, release))
    )


async def _rollback(shop: Shop, _args: Args) -> ActionOutcome:
    return ActionOutcome("rollback", await shop.deploy(settings.rolled_back))


async def _undeploy(shop: Shop, args: Args) -> ActionOutcome:
    """Roll a release back if it serves: twice does no harm."""
    release = _text(args, "release")
    serves = shop.settings.release.name == release
    return ActionOutcome(f"undeploy {release}", serves and await shop.deploy(settings.rolled_back))


async def _restart(shop: Shop, args: Args) -> ActionOutcome:
    name = _text(args, "replica") if args.get("replica") else None
    return ActionOutcome(f"restart {name or ''}".strip(), await shop.restart(name))


async def _restart_dead(shop: Shop, _args: Args) -> ActionOutcome:
    return ActionOutcome("restart-dead", await shop.restart_dead())


async def _scale(shop: Shop, args: Args) -> ActionOutcome:
    count = int(_number(args, "count"))
    return ActionOutcome(f"scale {count}", await shop.scale(count))


async def _index_add(shop: Shop, args: Args) -> ActionOutcome:
    name = _text(args, "name")
    return ActionOutcome(f"index add {name}", await shop.add_index(name))


async def _breaker(shop: Shop, args: Args) -> ActionOutcome:
    name, open_ = _text(args, "name"), _switch(args, "open")
    changed = await shop.set(settings.with_breaker(shop.settings, name, open_))
    return ActionOutcome(f"breaker {'open' if open_ else 'close'} {name}", changed)


async def _rate_limit(shop: Shop, args: Args) -> ActionOutcome:
    limit = int(_number(args, "limit"))
    return ActionOutcome(
        f"rate-limit {limit}", await shop.set(settings.with_rate_limit(shop.settings, limit))
    )


async def _block(shop: Shop, args: Args) -> ActionOutcome:
    address = _text(args, "address")
    return ActionOutcome(
        f"block {address}", await shop.set(settings.with_blocked(shop.settings, address, True))
    )


async def _unblock(shop: Shop, args: Args) -> ActionOutcome:
    address = _text(args, "address")
    return ActionOutcome(
        f"unblock {address}", await shop.set(settings.with_blocked(shop.settings, address, False))
    )


async def _revoke_key(shop: Shop, args: Args) -> ActionOutcome:
    key = _text(args, "key")
    return ActionOutcome(f"revoke-key {key}", await shop.set(settings.with_revoked(shop.settings, key)))


async def _reset(shop: Shop, _args: Args) -> ActionOutcome:
    return ActionOutcome("reset", await shop.reset())


async def _kill_replica(shop: Shop, args: Args) -> ActionOutcome:
    name = _text(args, "replica") if args.get("replica") else None
    return ActionOutcome(f"kill-replica {name or ''}".strip(), shop.kill(name))


async def _edge_fault(shop: Shop, args: Args) -> ActionOutcome:
    """Delay or abort a share of a route's requests at the edge."""
    fault = EdgeFault(
        delay=_number(args, "delay", 0.0),
        delay_percent=int(_number(args, "delay_percent", 0)),
        abort_percent=int(_number(args, "abort_percent", 0)),
        abort_status=int(_number(args, "abort_status", 503)),
    )
    route = _text(args, "route")
    return ActionOutcome(
        f"edge-fault {route}", await shop.set(settings.with_edge(shop.settings, route, fault))
    )


async def _edge_clear(shop: Shop, args: Args) -> ActionOutcome:
    route = _text(args, "route")
    return ActionOutcome(
        f"edge-clear {route}", await shop.set(settings.with_edge(shop.settings, route, None))
    )


async def _payments(shop: Shop, args: Args) -> ActionOutcome:
    seconds = _number(args, "seconds", settings.PAYMENT_SECONDS)
    return ActionOutcome(
        f"payments {seconds:g} s", await shop.set(settings.with_payments(shop.settings, seconds))
    )


ACTIONS: dict[str, Act] = {
    "flag": _flag,
    "deploy": _deploy,
    "rollback": _rollback,
    "undeploy": _undeploy,
    "restart": _restart,
    "restart-dead": _restart_dead,
    "scale": _scale,
    "index-add": _index_add,
    "breaker": _breaker,
    "rate-limit": _rate_limit,
    "block": _block,
    "unblock": _unblock,
    "revoke-key": _revoke_key,
    "reset": _reset,
    "kill-replica": _kill_replica,
    "edge-fault": _edge_fault,
    "edge-clear": _edge_clear,
    "payments": _payments,
}


async def act(shop: Shop, name: str, actor: str, args: Args) -> ActionOutcome:
    """Do one action and record it with its actor, at the instant at which it was asked for.

    Raises ValueError or UsageError, with what would be right, for an action or arguments that make
    no sense; these are not recorded.
    """
    if name not in ACTIONS:
        raise ValueError(f"there is no action '{name}'; there are: {', '.join(ACTIONS)}")
    asked = clock.now()
    done = await ACTIONS[name](shop, args)
    shop.trail.add(actor, done.action, asked)
    shop.journal.write("action", actor=actor, action=done.action, changed=done.changed)
    return done
