"""What experiments do to the shop: the actions that the functions of `faults` ask the control server for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gameday.shop.actions import Action, ActionOutcome, Argument, Run

if TYPE_CHECKING:
    from gameday.shop.service import Shop

FAULT_ACTIONS: dict[str, Action] = {}


def _fault(name: str, *arguments: Argument) -> Callable[[Run], Run]:
    """Register an action that only experiments use."""

    def register(run: Run) -> Run:
        FAULT_ACTIONS[name] = Action(name, arguments, run)
        return run

    return register


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
