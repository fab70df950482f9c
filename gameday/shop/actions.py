"""Everything that can be done to the shop, each action once: its name, arguments, help text and effect.

The control server performs actions by name (`perform`); `client` sends them, and the commands of
`gameday shop` are made from them. A new mitigation is one function here. Mitigations and faults share the
actions; the trail tells them apart by their actor.

This module is imported for every `gameday --help`: it must stay light. So `Shop` is imported
for types only, and the records are named tuples, which are made faster than dataclasses.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from gameday.core.errors import UsageError
from gameday.system import clock

if TYPE_CHECKING:
    from gameday.shop.service import Shop


class ActionOutcome(NamedTuple):
    """What was done, as the trail records it, and whether it changed anything."""

    action: str
    changed: bool


class Argument(NamedTuple):
    """An argument of an action.

    kind     what it is in JSON
    default  its value where it is left out, or an empty text; None: it must be given
    label    its name on the command line, where that differs
    """

    name: str
    kind: type[str | int | float | bool] = str
    default: str | float | None = None
    help: str = ""
    label: str = ""

    def read(self, values: Mapping[str, Any]) -> Any:
        """Take its value from a request. Raises UsageError where it is missing or of another kind."""
        value: Any = values.get(self.name)
        if self.default is not None and (self.name not in values or (self.kind is str and not value)):
            return self.default
        if self.kind is str and (not isinstance(value, str) or not value):
            raise UsageError(f"'{self.name}' is missing")
        if self.kind is bool and not isinstance(value, bool):
            raise UsageError(f"'{self.name}' is neither true nor false")
        if self.kind in {int, float} and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise UsageError(f"'{self.name}' is not a number")
        return self.kind(value)


class Command(NamedTuple):
    """A command of `gameday shop` that performs an action. `fixed`: the arguments that it sets itself."""

    words: str
    help: str
    fixed: Mapping[str, Any] = MappingProxyType({})


Run = Callable[..., Awaitable[ActionOutcome]]


class Action(NamedTuple):
    """An action by its name. Without commands it is a fault, for experiments only."""

    name: str
    arguments: Sequence[Argument]
    run: Run
    commands: Sequence[Command] = ()


ACTIONS: dict[str, Action] = {}


def _mitigation(name: str, *arguments: Argument, commands: Sequence[Command] = ()) -> Callable[[Run], Run]:
    """Register a mitigation; its command has its name, and its docstring as help, unless others are given."""

    def register(run: Run) -> Run:
        own = Command(name, run.__doc__ or "")
        ACTIONS[name] = Action(name, arguments, run, commands or (own,))
        return run

    return register


def _fault(name: str, *arguments: Argument) -> Callable[[Run], Run]:
    """Register an action that only experiments use."""

    def register(run: Run) -> Run:
        ACTIONS[name] = Action(name, arguments, run)
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


@_fault("undeploy", Argument("release"))
async def _undeploy(shop: Shop, release: str) -> ActionOutcome:
    """Roll a release back if it serves; it may be played twice, as every rollback may."""
    from gameday.shop import settings  # noqa: PLC0415  # not for help pages

    serves = shop.settings.release.name == release
    return ActionOutcome(f"undeploy {release}", serves and await shop.deploy(settings.rolled_back))


@_fault("restart-dead")
async def _restart_dead(shop: Shop) -> ActionOutcome:
    return ActionOutcome("restart-dead", await shop.restart_dead())


@_fault("kill-replica", Argument("replica", default=""))
async def _kill_replica(shop: Shop, replica: str) -> ActionOutcome:
    return ActionOutcome(f"kill-replica {replica}".strip(), shop.kill(replica or None))


@_fault(
    "edge-fault",
    Argument("route"),
    Argument("delay", float, 0.0),
    Argument("delay_percent", int, 0),
    Argument("abort_percent", int, 0),
    Argument("abort_status", int, 503),
)
async def _edge_fault(shop: Shop, route: str, **fault: Any) -> ActionOutcome:
    """Delay or abort a share of a route's requests at the edge."""
    from gameday.shop import settings  # noqa: PLC0415  # not for help pages
    from gameday.shop.settings import EdgeFault  # noqa: PLC0415

    changed = await shop.set(settings.with_edge(shop.settings, route, EdgeFault(**fault)))
    return ActionOutcome(f"edge-fault {route}", changed)


@_fault("edge-clear", Argument("route"))
async def _edge_clear(shop: Shop, route: str) -> ActionOutcome:
    from gameday.shop import settings  # noqa: PLC0415  # not for help pages

    changed = await shop.set(settings.with_edge(shop.settings, route, None))
    return ActionOutcome(f"edge-clear {route}", changed)


@_fault("payments", Argument("seconds", float, 0.04))
async def _payments(shop: Shop, seconds: float) -> ActionOutcome:
    from gameday.shop import settings  # noqa: PLC0415  # not for help pages

    changed = await shop.set(settings.with_payments(shop.settings, seconds))
    return ActionOutcome(f"payments {seconds:g} s", changed)


async def perform(shop: Shop, name: str, actor: str, values: Mapping[str, Any]) -> ActionOutcome:
    """Perform one action and record it in the trail, at the instant of its request.

    Raises ValueError or UsageError for an unknown action or for arguments that are not valid, with the valid
    ones; these requests are not recorded.
    """
    if name not in ACTIONS:
        raise ValueError(f"there is no action '{name}'; choose from: {', '.join(ACTIONS)}")
    requested = clock.now()
    action = ACTIONS[name]
    outcome = await action.run(
        shop, **{argument.name: argument.read(values) for argument in action.arguments}
    )
    shop.trail.add(actor, outcome.action, requested)
    shop.journal.write("action", actor=actor, action=outcome.action, changed=outcome.changed)
    return outcome
