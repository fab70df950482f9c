"""Conducting the drills of a game day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gameday.core.values import DrillId

if TYPE_CHECKING:
    from gameday.core.plans.gameday import Item, Occasion


class GameDayDrills(Protocol):
    """Plays the drills of a game day, one at a time."""

    def name(self, item: Item) -> DrillId:
        """Make the id of a new drill; it must not reveal the scenario."""
        ...

    async def play(self, item: Item, drill: DrillId, occasion: Occasion) -> int:
        """Conduct one drill to its end; give its exit code. Raises GamedayError if it can't start."""
        ...

    async def recover(self, drill: DrillId) -> int | None:
        """Revert and close the drill of a conductor that died; give its exit code; None: it never began."""
        ...

    def abort(self, reason: str) -> None:
        """Abort the drill in progress, if there is one."""
        ...
