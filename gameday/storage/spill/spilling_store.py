"""A store that keeps what the database can't take in spill files, and goes on.

Its `append` raises only when the drill's folder can't be written either. That is not hidden: `degraded` gives
the reason, and the drill's exit code must show it.

Reading gives the stored events and then the spilled ones, with sequence numbers of this process: the order in
which it first saw them. They equal the database's unless something was spilled. Claims and leases are never
spilled, because they must exclude others.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gameday.core.errors import HistoryCorrupt, StoreReadOnly, StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.facts.gameday import GameDayPlanned
from gameday.core.facts.load import Chunk, LoadHistory
from gameday.core.values import DrillId, Instant, Seconds
from gameday.formats.stored import events as stored_events
from gameday.formats.stored import load as load_lines
from gameday.formats.stored.envelope import Document
from gameday.ports import DrillRow, Lease, Stored
from gameday.storage import histories
from gameday.storage.histories import SqlStore
from gameday.storage.journal import Batch
from gameday.storage.spill import spill_file
from gameday.storage.spill.own_copies import OwnCopies
from gameday.storage.spill.spill_file import Spilled
from gameday.system import clock

PATIENCE: Seconds = 1.0
"""How long an append waits for the write lock before the event is spilled. The keeper waits longer than that
for a silent conductor: a locked store must not look like a dead conductor."""
RETRY_AFTER: Seconds = 2.0
"""How long after a failure the database is tried again."""


BEGINNINGS = (ev.DrillPlanned.__name__, GameDayPlanned.__name__)


def must_be_stored(documents: Sequence[Document]) -> bool:
    """Report whether events are refused where this user may only read the store, and not kept for later.

    Those are what people type, and the beginnings of drills and game days. What a drill in progress has to
    record is kept whatever happens.
    """
    return bool(documents) and all(
        each["source"] == "cli" or each["kind"] in BEGINNINGS for each in documents
    )


@dataclass(kw_only=True, slots=True)
class _View:
    """One drill's events in the order in which this process first saw them."""

    events: list[Stored] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    last: int = 0

    def add(self, event: ev.Event) -> None:
        if event.id not in self.ids:
            self.ids.add(event.id)
            self.events.append(Stored(seq=len(self.events) + 1, event=event))


class SpillingStore:
    """`ports.HistoryStore` with a folder to fall back on."""

    def __init__(
        self,
        inner: SqlStore,
        folder: Path,
        *,
        patience: Seconds = PATIENCE,
        again: Seconds = RETRY_AFTER,
        copies: OwnCopies | None = None,
    ) -> None:
        self._inner = inner
        self._folder = folder
        self._copies = copies
        self._patience = patience
        self._again = again
        self._lock = threading.RLock()
        self._why = ""
        self._read_only = False
        self._try_at = 0.0
        self._views: dict[DrillId, _View] = {}
        self._merge_if_possible()

    def append(self, *events: ev.Event) -> None:
        """Store events, redacted, once per id, or spill them.

        Space for a drill's spill is set aside with its plan and given back when it is closed.
        """
        self._prepare(events)
        if any(isinstance(event.fact, ev.SIGNED) for event in events):
            # The plan, whose environment is signed, too, may have been spilled by another process.
            self._inner.learn_environments(self._spilled(events[0].drill))
        if events:
            # Signed here, before it may be spilled: what is found in a spill file is stored as it is, since
            # anybody may have put it there.
            self._write([self._inner.encode(event) for event in events], [])
        for event in events:
            if isinstance(event.fact, ev.DrillClosed):
                # After the write, which may still need the space.
                spill_file.release(self._folder, event.drill)
                if event.fact.reverted:
                    self._remove_copy(event.drill)

    def append_after(self, drill: DrillId, last: int, *events: ev.Event) -> bool:
        """Store events only if nothing was added after `last`; False otherwise. Raises StoreUnavailable.

        Never spilled: of two processes that both spill, neither excludes the other.
        """
        with self._lock:
            if spill_file.exists(self._folder, drill):
                self.merge()
            view = self._views.setdefault(drill, _View())
            with contextlib.suppress(LookupError):  # these are its first events
                self._take_stored(drill, view)
            # The view's numbers are this process's own: they are the store's unless something was spilled.
            if len(view.events) != last:
                return False
            return self._inner.append_after(drill, view.last, *events)

    def _prepare(self, events: Sequence[ev.Event]) -> None:
        """Do what must come before the write: afterwards the disk may be full, or this process dead."""
        if self._copies is not None:
            self._copies.keep(events)
        for event in events:
            if isinstance(event.fact, ev.DrillPlanned):
                spill_file.reserve(self._folder, event.drill)

    def _remove_copy(self, drill: DrillId) -> None:
        """Remove the user's own copy of a drill that is over, unless its beginning is only there."""
        if self._copies is None or self._why:
            return
        with contextlib.suppress(StoreUnavailable, HistoryCorrupt, LookupError):
            if any(isinstance(row.event.fact, ev.DrillPlanned) for row in self._inner.read(drill)):
                self._copies.remove(drill)

    def append_load(self, drill: DrillId, chunks: Iterable[Chunk], until: Instant) -> None:
        """Store load samples, or spill them."""
        self._write([], [histories.batch_of(drill, chunks, until)])

    def read(self, drill: DrillId, *, after: int = 0) -> Sequence[Stored]:
        """Give the events of a drill after sequence number `after`, with those that were spilled."""
        with self._lock:
            view = self._views.setdefault(drill, _View())
            try:
                self._take_stored(drill, view)
            except LookupError:
                self._take_spilled(drill, view)
                if not view.events:
                    del self._views[drill]
                    raise
            else:
                self._take_spilled(drill, view)
            return view.events[max(after, 0) :]

    def _take_stored(self, drill: DrillId, view: _View) -> None:
        try:
            stored = self._inner.read(drill, after=view.last)
        except StoreUnavailable as away:
            self._failed(away)
            # Nothing is known of the drill, so an empty answer would be taken for a drill without facts.
            if not view.events and not spill_file.exists(self._folder, drill):
                raise
            return
        for row in stored:
            view.add(row.event)
            view.last = row.seq

    def _take_spilled(self, drill: DrillId, view: _View) -> None:
        spilled = self._spilled(drill)
        self._inner.learn_environments(spilled)
        for document in spilled:
            if document["id"] not in view.ids:
                # What can't be read is never stored either: the file is set aside when it is merged.
                with contextlib.suppress(StoreUnavailable, HistoryCorrupt):
                    view.add(self._decoded(document))

    def _decoded(self, document: Document) -> ev.Event:
        try:
            return self._inner.decode(document)
        except StoreUnavailable as away:  # it was asked for the store's id, to check a signature
            self._failed(away)
            return stored_events.decode(document)

    def read_load(self, drill: DrillId, *, since: Instant | None = None) -> LoadHistory:
        """Give the samples in chunks that end after `since`, with those that were spilled."""
        kept = spill_file.read(spill_file.path(self._folder, drill)).load
        try:
            stored = self._inner.read_load(drill, since=since)
        except (StoreUnavailable, LookupError):
            if not kept:
                raise
            stored = LoadHistory()
        lines = (line for batch in kept if _can_be_added_up(batch) for line in batch.lines)
        return LoadHistory(
            chunks=stored.chunks + histories.chunks_of(lines, since or 0.0),
            until=max(stored.until, *(batch.until for batch in kept)) if kept else stored.until,
        )

    def ends(self, drill: DrillId) -> str:
        """Give a text that changes with whatever is added to a drill; empty while a part of it is spilled."""
        return "" if spill_file.exists(self._folder, drill) else self._inner.ends(drill)

    def merge(self) -> int:
        """Store what was spilled, of every drill; give how many spill files were emptied."""
        merged = 0
        for file in spill_file.files(self._folder):
            # Locked for the whole time: a process that spills meanwhile waits, and then writes to a new
            # file.
            with spill_file.taking(file) as kept:
                self._take(kept)
                merged += 1
        return merged

    def _take(self, kept: Spilled) -> None:
        """Store what was spilled of one drill, but for what nobody could read again."""
        documents = [document for document in kept.documents if _can_be_read(document, kept.refused)]
        load = [batch for batch in kept.load if _can_be_added_up(batch, kept.refused)]
        try:
            self._inner.write(documents, load, within=self._patience)
        except StoreUnavailable:
            raise
        # Whatever a stranger has put there: it must keep no drill from being reverted. The file is set aside.
        except Exception as error:  # noqa: BLE001
            kept.refused.append(f"{type(error).__name__}: {error}")

    def degraded(self) -> str:
        """Give the reason why events are spilled; empty while the database takes them."""
        return self._why

    def _write(self, documents: Sequence[Document], load: Sequence[Batch]) -> None:
        drills = {document["drill"] for document in documents} | {batch.drill for batch in load}
        with self._lock:
            # A database that has just failed is not asked again at once: each try could wait for its
            # time-out.
            refused = self._read_only and must_be_stored(documents)
            if self._why and clock.monotonic() < self._try_at and not refused:
                spill_file.write(self._folder, documents, load)
                return
            try:
                if self._why or any(spill_file.exists(self._folder, drill) for drill in drills):
                    self.merge()  # first, so that a drill's events are stored in the order in which they came
                self._inner.write(documents, load, within=self._patience)
                self._why = ""
            except StoreUnavailable as away:
                if isinstance(away, StoreReadOnly) and must_be_stored(documents):
                    raise
                self._failed(away)
                spill_file.write(self._folder, documents, load)

    def _failed(self, away: StoreUnavailable) -> None:
        self._why = away.message
        self._read_only = isinstance(away, StoreReadOnly)
        self._try_at = clock.monotonic() + self._again

    def clock(self) -> Instant | None:
        """Read the store's own clock; None where it has only this machine's."""
        return self._inner.clock()

    def drills(self) -> Sequence[DrillRow]:
        """List the stored drills, newest first."""
        return self._inner.drills()

    def live(self) -> Sequence[DrillRow]:
        """List the stored drills that are not closed, newest first, nor closed by a fact in their spill."""
        return [row for row in self._inner.live() if not self._closed_in_spill(row.drill)]

    def game_days(self) -> Sequence[DrillRow]:
        """List the stored game days, newest first."""
        return self._inner.game_days()

    def lines(self, drill: DrillId) -> Sequence[str]:
        """Give the stored lines; what is spilled gets its place in them when it is stored."""
        try:
            return self._inner.lines(drill)
        except (LookupError, StoreUnavailable):
            return ()

    def verify_roll(self) -> Sequence[str]:
        """Check the chain over the ends of all histories; give each mistake."""
        return self._inner.verify_roll()

    def verify_signatures(self, drill: DrillId) -> Sequence[str]:
        """Check the signatures of what makes gameday act; give each mistake."""
        return self._inner.verify_signatures(drill)

    def verify(self, drill: DrillId) -> Sequence[str]:
        """Check the stored chains; give each mistake."""
        return self._inner.verify(drill)

    def claim(self, drill: DrillId, what: str, holder: str, *, until: Instant) -> bool:
        """Win the named right of a drill; False while another holder's is in force."""
        return self._inner.claim(drill, what, holder, until=until)

    def take_lease(self, lease: Lease) -> Lease | None:
        """Take or renew an environment's lease; when another holder has it, give theirs."""
        return self._inner.take_lease(lease)

    def lease(self, environment: str) -> Lease | None:
        """Give an environment's lease if one is in force."""
        return self._inner.lease(environment)

    def register_reverter(self, holder: str, host: str, *, until: Instant) -> None:
        """Record that a process on a host reverts what others leave in force, until an instant."""
        self._inner.register_reverter(holder, host, until=until)

    def reverter_hosts(self) -> Sequence[str]:
        """Name the hosts on which a process reverts what others leave in force."""
        return self._inner.reverter_hosts()

    def release_lease(self, environment: str, drill: DrillId) -> None:
        """Give a lease back; while the database fails, it expires by itself."""
        if self._why and clock.monotonic() < self._try_at:
            return
        try:
            self._inner.release_lease(environment, drill)
        except StoreUnavailable as away:
            self._failed(away)

    def close(self) -> None:
        """Store what was spilled, if the database takes it now, and close the connection."""
        with self._lock:
            if self._why:
                self._merge_if_possible()
            self._inner.close()

    def _closed_in_spill(self, drill: DrillId) -> bool:
        """Report whether the fact that closes a drill, with nothing in force, is in its spill."""
        facts = [
            stored_events.decode(document).fact
            for document in self._spilled(drill)
            if _can_be_read(document, [])
        ]
        return any(
            isinstance(fact, ev.HistoryImported) or (isinstance(fact, ev.DrillClosed) and fact.reverted)
            for fact in facts
        )

    def _spilled(self, drill: DrillId) -> Sequence[Document]:
        """Read the spilled facts. A file that can't be read must not stop a revert; `degraded` reports it."""
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


def _can_be_read(document: Document, refused: list[str]) -> bool:
    """Report whether a document is an event that this gameday can read; if not, add why to `refused`."""
    try:
        stored_events.decode(document)
    except (StoreUnavailable, HistoryCorrupt) as error:
        refused.append(error.message)
        return False
    return True


def _can_be_added_up(batch: Batch, refused: list[str] | None = None) -> bool:
    """Report whether a batch holds load samples alone; if not, add why to `refused`."""
    try:
        for line in batch.lines:
            load_lines.decode(line)
    except (ValueError, RecursionError) as error:
        if refused is not None:
            refused.append(str(error))
        return False
    return True
