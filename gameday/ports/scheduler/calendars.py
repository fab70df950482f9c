"""Reading freeze calendars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gameday.core.values import Instant

if TYPE_CHECKING:
    from gameday.core import policy


class Calendars(Protocol):
    """Freeze calendars, by workspace path or URL."""

    async def read(self, path: str, start: Instant, end: Instant) -> policy.Calendar:
        """Give the freezes that touch a period; `error` says why a calendar can't be read. Never raises."""
        ...
