"""Records facts: makes events of them and appends these to the drill's history."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gameday import ports
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorder:
    """Records one drill's facts under the name of one source."""

    store: ports.HistoryStore
    clock: ports.Clock
    ids: ports.Ids
    drill: DrillId
    source: str = "conductor"
    by: str = ""

    def record(self, fact: ev.Fact, *, at: Instant | None = None) -> ev.Event:
        """Append a fact that occurred `at` (default: now). Raises StoreUnavailable."""
        event = self._event(fact, at)
        self.store.append(event)
        return event

    def record_after(self, last: int, fact: ev.Fact) -> bool:
        """Append a fact only if nothing follows sequence number `last`; False otherwise.

        Raises StoreUnavailable, also where `record` would keep the fact for later.
        """
        return self.store.append_after(self.drill, last, self._event(fact))

    def _event(self, fact: ev.Fact, at: Instant | None = None) -> ev.Event:
        now = self.clock.now()
        return ev.Event(
            id=self.ids.event(),
            drill=self.drill,
            occurred_at=now if at is None else at,
            recorded_at=now,
            source=self.source,
            by=self.by,
            fact=fact,
        )

    def for_drill(self, drill: DrillId) -> Recorder:
        """Give a recorder for another history."""
        return replace(self, drill=drill)

    def as_source(self, source: str, by: str = "") -> Recorder:
        """Give a recorder under the name of another source."""
        return Recorder(
            store=self.store, clock=self.clock, ids=self.ids, drill=self.drill, source=source, by=by
        )
