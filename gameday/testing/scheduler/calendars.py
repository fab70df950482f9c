"""Freeze calendars that the test sets."""

from __future__ import annotations

from dataclasses import dataclass, field

from gameday.core.policy import Calendar
from gameday.core.values import Instant


@dataclass(kw_only=True, slots=True)
class FakeCalendars:
    """`ports.Calendars`: `found` by path; any other path is missing."""

    found: dict[str, Calendar] = field(default_factory=dict)

    async def read(self, path: str, start: Instant, end: Instant) -> Calendar:  # noqa: ARG002  # the port's
        """Give a calendar; one that is missing says so in `error`."""
        return self.found.get(path, Calendar(path=path, error="it is not there"))
