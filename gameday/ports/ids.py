"""Where new identifiers come from."""

from __future__ import annotations

from typing import Protocol

from gameday.core.values import DrillId, EventId


class Ids(Protocol):
    """New identifiers."""

    def drill(self, scenario: str) -> DrillId:
        """Make a new drill id: readable, sortable by time, safe as a file name."""
        ...

    def event(self) -> EventId:
        """Make a new event id for a fact that has no natural one."""
        ...
