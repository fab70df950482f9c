"""What an action on the shop is: its name, arguments, commands and effect; and how one is performed.

Mitigations are in `mitigations`, what experiments do in `fault_actions`; the trail tells them apart by their
actor. The control server performs both by name, and `client` sends them.

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


async def perform(
    shop: Shop, actions: Mapping[str, Action], name: str, actor: str, values: Mapping[str, Any]
) -> ActionOutcome:
    """Perform one of these actions and record it in the trail, at the instant of its request.

    Raises ValueError or UsageError for an unknown action or for arguments that are not valid, with the valid
    ones; these requests are not recorded.
    """
    if name not in actions:
        raise ValueError(f"there is no action '{name}'; choose from: {', '.join(actions)}")
    requested = clock.now()
    action = actions[name]
    outcome = await action.run(
        shop, **{argument.name: argument.read(values) for argument in action.arguments}
    )
    shop.trail.add(actor, outcome.action, requested)
    shop.journal.write("action", actor=actor, action=outcome.action, changed=outcome.changed)
    return outcome
