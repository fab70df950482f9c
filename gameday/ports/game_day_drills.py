"""Conducting the drills of a game day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gameday.core.values import DrillId

if TYPE_CHECKING:
    from gameday.core.plans.gameday import Item, Occasion


class GameDayDrills(Protocol):
    """Plays the drills of a game day, one at a time."""

    def name(self, item: Item) -> DrillId:
        """Make the id of a new drill, which tells nothing of what is in it."""
        ...

    async def play(self, item: Item, drill: DrillId, occasion: Occasion) -> int:
        """Conduct one drill to its end; give its exit code. Raises GamedayError when it can't start."""
        ...

    async def recover(self, drill: DrillId) -> int | None:
        """Revert and close what a conductor who died left; its exit code, or None: it never began."""
        ...

    def abort(self, reason: str) -> None:
        """Abort the drill that is on, if one is."""
        ...
