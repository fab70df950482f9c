"""A store that keeps beside it what it can't take, and goes on.

Comes in: a store and the folder of the drills' folders. Goes out: `ports.HistoryStore`, whose
`append` raises only when even the folder can't be written.
Does not: hide it: `degraded` says why, and the drill's exit code must.

Reading gives the stored events and then what is kept beside them, in places of this process's own:
the order in which it first saw them. They are the store's places unless something was kept beside it.
Claims and leases are never kept beside the store, because they must exclude others.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.facts.load import Chunk, LoadHistory
from gameday.core.values import DrillId, Instant, Seconds
from gameday.formats.stored import events as stored_events
from gameday.formats.stored.envelope import Document
from gameday.ports import DrillRow, Lease, Stored
from gameday.storage import histories
from gameday.storage.histories import SqlStore
from gameday.storage.journal import Batch
from gameday.storage.spill import spill_file
from gameday.system import clock, known_secrets

PATIENCE: Seconds = 1.0
"""How long an append waits for the write lock before the event is kept beside the store: shorter than
the keeper's patience with a silent conductor."""
AGAIN: Seconds = 2.0
"""How long after a failure the store is tried again."""


@dataclass(kw_only=True, slots=True)
class _View:
    """One drill's events in the order in which this process first saw them."""

    seen: list[Stored] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    last: int = 0

    def add(self, event: ev.Event) -> None:
        if event.id not in self.ids:
            self.ids.add(event.id)
            self.seen.append(Stored(seq=len(self.seen) + 1, event=event))


class SpillingStore:
    """A store with a folder to fall back on."""

    def __init__(
        self, inner: SqlStore, folder: Path, *, patience: Seconds = PATIENCE, again: Seconds = AGAIN
    ) -> None:
        self._inner = inner
        self._folder = folder
        self._patience = patience
        self._again = again
        self._lock = threading.RLock()
        self._why = ""
        self._try_at = 0.0
        self._views: dict[DrillId, _View] = {}
        self._merge_if_possible()

    def append(self, *events_: ev.Event) -> None:
        """Store events, redacted, once per id, or keep them beside the store.

        A drill's room beside the store is set aside with its plan and given back when it is closed.
        """
        for event in events_:
            if isinstance(event.fact, ev.DrillPlanned):
                spill_file.reserve(self._folder, event.drill)
        if events_:
            self._write([stored_events.encode(known_secrets.redactor().value(event)) for event in events_], [])
        for event in events_:
            if isinstance(event.fact, ev.DrillClosed):
                spill_file.release(self._folder, event.drill)

    def append_load(self, drill: DrillId, chunks: Iterable[Chunk], until: Instant) -> None:
        """Store load samples, or keep them beside the store."""
        self._write([], [histories.batch_of(drill, chunks, until)])

    def read(self, drill: DrillId, *, after: int = 0) -> Sequence[Stored]:
        """Give the events of a drill behind place `after`, also those that are kept beside the store."""
        with self._lock:
            view = self._views.setdefault(drill, _View())
            try:
                self._take_stored(drill, view)
            except LookupError:
                self._take_kept(drill, view)
                if not view.seen:
                    del self._views[drill]
                    raise
            else:
                self._take_kept(drill, view)
            return view.seen[max(after, 0) :]

    def _take_stored(self, drill: DrillId, view: _View) -> None:
        try:
            stored = self._inner.read(drill, after=view.last)
        except StoreUnavailable as away:
            self._failed(away)
            if not view.seen and not spill_file.path(self._folder, drill).exists():
                raise
            return
        for row in stored:
            view.add(row.event)
            view.last = row.seq

    def _take_kept(self, drill: DrillId, view: _View) -> None:
        for document in self._kept(drill):
            if document["id"] not in view.ids:
                view.add(stored_events.decode(document))

    def read_load(self, drill: DrillId, *, since: Instant | None = None) -> LoadHistory:
        """Give the samples in chunks that end after `since`, also those kept beside the store."""
        kept = spill_file.read(spill_file.path(self._folder, drill)).load
        try:
            stored = self._inner.read_load(drill, since=since)
        except (StoreUnavailable, LookupError):
            if not kept:
                raise
            stored = LoadHistory()
        lines = (line for batch in kept for line in batch.lines)
        return LoadHistory(
            chunks=stored.chunks + histories.chunks_of(lines, since or 0.0),
            until=max(stored.until, *(batch.until for batch in kept)) if kept else stored.until,
        )

    def merge(self) -> int:
        """Store what is kept beside the store, of every drill; give how many files that emptied."""
        merged = 0
        for file in spill_file.files(self._folder):
            with spill_file.taking(file) as kept:
                self._inner.write(kept.documents, kept.load, within=self._patience)
                merged += 1
        return merged

    def degraded(self) -> str:
        """Say why events are kept beside the store instead of in it; empty while all is well."""
        return self._why

    def _write(self, documents: Sequence[Document], load: Sequence[Batch]) -> None:
        drills = {document["drill"] for document in documents} | {batch.drill for batch in load}
        with self._lock:
            if self._why and clock.monotonic() < self._try_at:
                spill_file.write(self._folder, documents, load)
                return
            try:
                if self._why or any(spill_file.path(self._folder, drill).exists() for drill in drills):
                    self.merge()
                self._inner.write(documents, load, within=self._patience)
                self._why = ""
            except StoreUnavailable as away:
                self._failed(away)
                spill_file.write(self._folder, documents, load)

    def _failed(self, away: StoreUnavailable) -> None:
        self._why = away.message
        self._try_at = clock.monotonic() + self._again

    def drills(self) -> Sequence[DrillRow]:
        """List the stored drills, newest first."""
        return self._inner.drills()

    def live(self) -> Sequence[DrillRow]:
        """List the stored drills that are not closed, newest first; what closed one may be kept beside it."""
        return [row for row in self._inner.live() if not self._closed_beside(row.drill)]

    def game_days(self) -> Sequence[DrillRow]:
        """List the stored game days, newest first."""
        return self._inner.game_days()

    def verify(self, drill: DrillId) -> Sequence[str]:
        """Check the stored chains."""
        return self._inner.verify(drill)

    def claim(self, drill: DrillId, what: str, holder: str, *, until: Instant) -> bool:
        """Win the named right of a drill unless another holder's has not expired."""
        return self._inner.claim(drill, what, holder, until=until)

    def take_lease(self, lease: Lease) -> Lease | None:
        """Take or renew an environment's lease; give the other holder's lease when it is taken."""
        return self._inner.take_lease(lease)

    def lease(self, environment: str) -> Lease | None:
        """Give an environment's lease if one is in force."""
        return self._inner.lease(environment)

    def stand_by(self, holder: str, host: str, *, until: Instant) -> None:
        """Say that a process of a host reverts what others leave, until an instant."""
        self._inner.stand_by(holder, host, until=until)

    def standing_by(self) -> Sequence[str]:
        """Name the hosts on which somebody reverts what others leave."""
        return self._inner.standing_by()

    def release_lease(self, environment: str, drill: DrillId) -> None:
        """Give a lease back; one that a failing store does not take back expires by itself."""
        if self._why and clock.monotonic() < self._try_at:
            return
        try:
            self._inner.release_lease(environment, drill)
        except StoreUnavailable as away:
            self._failed(away)

    def close(self) -> None:
        """Store what is kept, if the store takes it now, and let go of the connection."""
        with self._lock:
            if self._why:
                self._merge_if_possible()
            self._inner.close()

    def _closed_beside(self, drill: DrillId) -> bool:
        """Tell whether the fact that a drill is closed, with nothing in force, waits to be stored."""
        kept = (stored_events.decode(each) for each in self._kept(drill))
        return any(isinstance(each.fact, ev.DrillClosed) and each.fact.reverted for each in kept)

    def _kept(self, drill: DrillId) -> Sequence[Document]:
        """Read the facts kept beside the store; a file that can't be read delays no revert, and is said."""
        try:
            return spill_file.read(spill_file.path(self._folder, drill)).documents
        except StoreUnavailable as away:
            self._failed(away)
            return ()

    def _merge_if_possible(self) -> None:
        try:
            self.merge()
            self._why = ""
        except StoreUnavailable as away:
            self._failed(away)
