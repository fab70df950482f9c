"""The facts of the running drill so far, whoever recorded them, and the last minutes of its load.

They end phases and drive the screen. They never become part of the result: milestones are derived from the
whole history when the drill has closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from gameday import ports
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.facts.history import Dated
from gameday.core.facts.load import CHUNK, Chunk, LoadHistory
from gameday.core.facts.merging import merge
from gameday.core.values import DrillId, Instant, Seconds

KEEP_LOAD: Seconds = 120.0
"""How much load is kept in memory, at least."""

F = TypeVar("F")


class LiveFacts:
    """The facts of one drill as they come in. keep: how many seconds of load SLO windows need."""

    def __init__(self, store: ports.HistoryStore, drill: DrillId, *, keep: Seconds = KEEP_LOAD) -> None:
        self._store = store
        self.drill = drill
        self._keep = max(keep, KEEP_LOAD)
        self._seq = 0
        self._events: list[ev.Event] = []
        self._by_kind: dict[type, list[ev.Event]] = {}
        self._history: history.History | None = None
        self._chunks: list[Chunk] = []
        self._unsaved: list[Chunk] = []
        self._until = Instant(0.0)
        self.requests = 0
        """Requests that ended so far."""
        self.failures = 0
        """Those of them that failed."""

    def refresh(self) -> Sequence[ev.Event]:
        """Read the events that were recorded since the last call, and give them."""
        stored = self._store.read(self.drill, after=self._seq)
        if stored:
            # By sequence number, not by time: a command's fact may count earlier than what was read before.
            self._seq = stored[-1].seq
            self._history = None
        events = [row.event for row in stored]
        self._events.extend(events)
        for event in events:
            self._by_kind.setdefault(type(event.fact), []).append(event)
        return events

    def take_load(self, chunks: Sequence[Chunk], until: Instant) -> None:
        """Take samples from the load driver; they are stored at the next `save_load`."""
        self._chunks.extend(chunks)
        self._unsaved.extend(chunks)
        self._until = max(self._until, until)
        failures = sum(sum(chunk.bad_count) for chunk in chunks)
        self.failures += failures
        self.requests += failures + sum(sum(chunk.count) for chunk in chunks)

    def save_load(self) -> None:
        """Store the samples taken since the last call, and forget those that are too old.

        Samples of one request name and time are added up first: a report each 100 ms would make
        ten times the lines, and judging an hour's drill would take ten times as long.
        """
        if self._unsaved:
            self._store.append_load(self.drill, merge(self._unsaved), self._until)
            self._unsaved = []
        # Measured from the last sample: while load is silent, nothing is forgotten.
        oldest = self._until - self._keep - CHUNK
        self._chunks = [chunk for chunk in merge(self._chunks) if chunk.start >= oldest]

    def load(self, *, since: Instant | None = None) -> LoadHistory:
        """Give the load in memory, from `since` on."""
        chunks = tuple(c for c in self._chunks if since is None or c.start + CHUNK > since)
        return LoadHistory(chunks=chunks, until=self._until)

    @property
    def events(self) -> Sequence[ev.Event]:
        """All facts so far, in the order in which they were stored."""
        return self._events

    def history(self) -> history.History:
        """Give the history so far, without its load."""
        # Kept: a look asks for it several times, and sorting a storm of alerts each time would stall it.
        if self._history is None:
            self._history = history.from_events(self._events)
        return self._history

    def first(self, kind: type[F]) -> Dated[F] | None:
        """Give the first fact of a kind that was stored, or None."""
        events = self._by_kind.get(kind, ())
        return self._dated(kind, events[:1])[0] if events else None

    def each(self, kind: type[F]) -> list[Dated[F]]:
        """Give all facts of a kind, as they were stored."""
        return self._dated(kind, self._by_kind.get(kind, ()))

    def _dated(self, kind: type[F], events: Sequence[ev.Event]) -> list[Dated[F]]:
        return [
            Dated(at=history.counted_instant(event), event=event, fact=event.fact)
            for event in events
            if isinstance(event.fact, kind)
        ]

    def has(self, kind: type) -> bool:
        """Report whether a fact of a kind was stored."""
        return kind in self._by_kind

    def abort_asked(self) -> bool:
        """Report whether somebody, or a guardrail, aborted the drill."""
        return self.has(ev.AbortRequested)

    def extended(self) -> Seconds:
        """Give by how much the facilitator has extended the response."""
        return sum(extended.fact.seconds for extended in self.each(ev.ResponseExtended))
