"""New identifiers: of drills, which sort by time and can be read aloud, and of events."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from gameday.core.values import DrillId, EventId
from gameday.system import clock


def new_event_id() -> EventId:
    """Make an id for a fact that has no natural one: 96 random bits in hexadecimal."""
    return EventId(os.urandom(12).hex())


class SystemIds:
    """`ports.Ids` from the machine's clock and random numbers."""

    def drill(self, scenario: str) -> DrillId:
        """Make an id such as `20261201-100000-api-latency-spike-3f9a`."""
        stamp = datetime.fromtimestamp(clock.now(), UTC).strftime("%Y%m%d-%H%M%S")
        return DrillId(f"{stamp}-{scenario}-{os.urandom(2).hex()}")

    def event(self) -> EventId:
        """Make a new event id."""
        return new_event_id()
