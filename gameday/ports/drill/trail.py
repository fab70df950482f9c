"""Reading an environment's own record of actions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from gameday.core.facts import drill as ev
from gameday.core.values import Instant


class Trail(Protocol):
    """The environment's own record of what people and automations did to it."""

    def watch(self) -> AsyncIterator[tuple[Instant | None, ev.ActionTaken | ev.TrailWatched]]:
        """Yield actions as they are found, each with the instant that the trail gives it, or None."""
        ...
