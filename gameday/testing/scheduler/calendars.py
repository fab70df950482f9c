"""Freeze calendars that the test sets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gameday.core.policy import Calendar
from gameday.core.values import Instant


@dataclass(kw_only=True, slots=True)
class FakeCalendars:
    """`ports.Calendars`: `found` by path; any other path is missing."""

    found: dict[str, Calendar] = field(default_factory=dict)

    async def read(self, path: str, start: Instant, end: Instant) -> Calendar:
        """Give the freezes that touch a period; a calendar that is missing says so in `error`."""
        calendar = self.found.get(path, Calendar(path=path, error="it is not there"))
        freezes = (freeze for freeze in calendar.freezes if freeze.start <= end and start < freeze.end)
        return replace(calendar, freezes=tuple(freezes))
