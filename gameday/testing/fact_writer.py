"""Writing facts into a store as people and monitors do, and reading the whole history back."""

from __future__ import annotations

from dataclasses import dataclass

from gameday import ports
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.values import DrillId


@dataclass(kw_only=True, slots=True)
class FactWriter:
    """Appends facts of one drill straight to the store."""

    store: ports.HistoryStore
    clock: ports.Clock
    ids: ports.Ids
    drill: DrillId
    source: str = "cli"

    def write(self, fact: ev.Fact) -> None:
        """Append a fact that occurs now."""
        now = self.clock.now()
        event = ev.Event(
            id=self.ids.event(),
            drill=self.drill,
            occurred_at=now,
            recorded_at=now,
            source=self.source,
            fact=fact,
        )
        self.store.append(event)


def read_history(store: ports.HistoryStore, drill: DrillId) -> history.History:
    """Read a drill's whole history, with its load."""
    return history.from_events((stored.event for stored in store.read(drill)), store.read_load(drill))
