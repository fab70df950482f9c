"""Identifiers that are the same in every run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from gameday.core.values import DrillId, EventId


@dataclass(kw_only=True, slots=True)
class FakeIds:
    """`ports.Ids` that counts. prefix: how event ids begin, so that two sources never collide."""

    prefix: str = "e"
    _events: Iterator[int] = field(default_factory=itertools.count)
    _drills: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def drill(self, scenario: str) -> DrillId:
        """Make an id such as `drill-000001-checkout`: it sorts by time, as real ones do."""
        return DrillId(f"drill-{next(self._drills):06d}-{scenario}")

    def event(self) -> EventId:
        """Make an id such as `e000000`."""
        return EventId(f"{self.prefix}{next(self._events):06d}")
