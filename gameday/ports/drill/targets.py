"""Resolving what an experiment is aimed at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionTarget:
    """What one action of an experiment matches, as the target itself answered.

    what        the targets in words: "pods app=shop in namespace shop"
    seen        by target id, all that the action would change; None: it can't be counted
    conclusive  the action can't take effect without changing what is seen
    trap        why the action would do nothing although it succeeds; empty: no trap is known
    hint        what to do about it
    """

    action: str
    what: str
    seen: Mapping[str, str] | None = None
    conclusive: bool = False
    trap: str = ""
    hint: str = ""


class Targets(Protocol):
    """Resolves what an experiment's actions match, with the selectors of their own libraries."""

    async def resolve(self) -> Sequence[ActionTarget]:
        """Ask the target what each action matches now. Raises NotReady when it does not answer."""
        ...

    async def close(self) -> None:
        """End what was started in order to ask."""
        ...
