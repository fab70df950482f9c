"""The conductor's pen: turns facts into events and appends them to the drill's history.

Comes in: facts, with the instant at which they occurred where it is not now.
Goes out: stored events. Does not: read history; that is the board's work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gameday import ports
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorder:
    """Writes one drill's facts under the name of one source."""

    store: ports.HistoryStore
    clock: ports.Clock
    ids: ports.Ids
    drill: DrillId
    source: str = "conductor"
    by: str = ""

    def record(self, fact: ev.Fact, *, at: Instant | None = None) -> ev.Event:
        """Append a fact that occurred `at` (now, without it). Raises StoreUnavailable."""
        now = self.clock.now()
        event = ev.Event(
            id=self.ids.event(),
            drill=self.drill,
            occurred_at=now if at is None else at,
            recorded_at=now,
            source=self.source,
            by=self.by,
            fact=fact,
        )
        self.store.append(event)
        return event

    def of(self, drill: DrillId) -> Recorder:
        """Give a recorder that writes another history."""
        return replace(self, drill=drill)

    def as_source(self, source: str, by: str = "") -> Recorder:
        """Give a recorder that writes under another name."""
        return Recorder(
            store=self.store, clock=self.clock, ids=self.ids, drill=self.drill, source=source, by=by
        )
