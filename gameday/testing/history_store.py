"""A history store in memory that keeps the promises of the real ones.

`fail_with` makes it unavailable, as a full disk would.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.facts.gameday import GameDayEnded, GameDayPlanned
from gameday.core.facts.load import CHUNK, Chunk, LoadHistory
from gameday.core.plans.gameday import PREFIX
from gameday.core.values import DrillId, Instant
from gameday.formats.stored import envelope
from gameday.formats.stored import events as stored_events
from gameday.ports import Clock, DrillRow, Lease, Stored
from gameday.testing.clock import VirtualClock


@dataclass(kw_only=True, slots=True)
class _Drill:
    """One drill's history, with the hashes of its lines."""

    row: DrillRow
    events: list[Stored] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    load: LoadHistory = field(default_factory=LoadHistory)


class MemoryHistoryStore:
    """`ports.HistoryStore` in a dictionary."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or VirtualClock()
        self._lock = threading.RLock()
        self._drills: dict[DrillId, _Drill] = {}
        self._claims: dict[tuple[DrillId, str], tuple[str, Instant]] = {}
        self._leases: dict[str, Lease] = {}
        self._reverters: dict[str, tuple[str, Instant]] = {}
        self._failure = ""
        self.ahead: float | None = None

    def clock(self) -> Instant | None:
        """Give the store's own clock, `ahead` of the drill's; None where that is None."""
        self._check()
        return None if self.ahead is None else Instant(self._clock.now() + self.ahead)

    def fail_with(self, reason: str) -> None:
        """Refuse everything with StoreUnavailable from now on; with an empty reason, work again."""
        self._failure = reason

    def append(self, *events_: ev.Event) -> None:
        """Store events at the end of their drill's history, all or none, once per id."""
        self._check()
        for event in events_:
            envelope.line(stored_events.encode(event), 1)
        with self._lock:
            for event in events_:
                drill = self._open(event.drill, event.recorded_at)
                if event.id not in drill.ids:
                    _append(drill, event)

    def append_after(self, drill: DrillId, last: int, *events_: ev.Event) -> bool:
        """Store events of one history only if its last sequence number is `last`; False otherwise."""
        self._check()
        with self._lock:
            stored = self._drills.get(drill)
            if (len(stored.events) if stored else 0) != last:
                return False
            self.append(*events_)
            return True

    def read(self, drill: DrillId, *, after: int = 0) -> Sequence[Stored]:
        """Give the events after sequence number `after`. Raises LookupError if there is no such drill."""
        self._check()
        with self._lock:
            return tuple(self._drills[drill].events[max(after, 0) :])

    def lines(self, drill: DrillId) -> Sequence[str]:
        """Give the events as stored lines. Raises LookupError if there is no such drill."""
        return [envelope.line(stored_events.encode(row.event), row.seq) for row in self.read(drill)]

    def ends(self, drill: DrillId) -> str:
        """Give a text that changes with whatever is added to a drill; empty for an unknown drill."""
        self._check()
        with self._lock:
            stored = self._drills.get(drill)
            return f"{len(stored.events)} {len(stored.load.chunks)} {stored.load.until}" if stored else ""

    def append_load(self, drill: DrillId, chunks: Iterable[Chunk], until: Instant) -> None:
        """Store load samples; `until` is the instant up to which load was observed."""
        self._check()
        with self._lock:
            stored = self._open(drill, until)
            load = stored.load
            stored.load = LoadHistory(chunks=(*load.chunks, *chunks), until=max(load.until, until))

    def read_load(self, drill: DrillId, *, since: Instant | None = None) -> LoadHistory:
        """Give the samples in chunks that end after `since`; all of them without it."""
        self._check()
        with self._lock:
            load = self._drills[drill].load
        begin = 0.0 if since is None else since
        return replace(load, chunks=tuple(c for c in load.chunks if c.start + CHUNK > begin))

    def drills(self) -> Sequence[DrillRow]:
        """List the drills, newest first."""
        self._check()
        with self._lock:
            rows = [stored.row for stored in self._drills.values()]
        drills = [row for row in rows if not row.drill.startswith(PREFIX)]
        return sorted(drills, key=lambda row: (row.started, row.drill), reverse=True)

    def game_days(self) -> Sequence[DrillRow]:
        """List the game days, newest first."""
        self._check()
        with self._lock:
            rows = [stored.row for stored in self._drills.values() if stored.row.drill.startswith(PREFIX)]
        return sorted(rows, key=lambda row: (row.started, row.drill), reverse=True)

    def live(self) -> Sequence[DrillRow]:
        """List the drills that are not closed, newest first."""
        return [row for row in self.drills() if row.closed is None]

    def verify(self, drill: DrillId) -> Sequence[str]:
        """Check the hash chain; each string names a defect; empty: sound."""
        self._check()
        with self._lock:
            kept = self._drills.get(drill)
            if kept is None:
                return [f"no drill {drill}"]
            last, defects = envelope.start(drill), []
            for stored, expected in zip(kept.events, kept.hashes, strict=True):
                last = envelope.chain(last, envelope.line(stored_events.encode(stored.event), stored.seq))
                if last != expected:
                    defects.append(f"event {stored.seq} does not follow from the one before it")
                last = expected
            return defects

    def verify_signatures(self, drill: DrillId) -> Sequence[str]:  # noqa: ARG002  # the port's
        """Give nothing: every fact of this store is this process's own."""
        self._check()
        return ()

    def verify_roll(self) -> Sequence[str]:
        """Give nothing: no history of this store ever goes."""
        self._check()
        return ()

    def claim(self, drill: DrillId, what: str, holder: str, *, until: Instant) -> bool:
        """Win the named right of a drill unless another holder's has not expired."""
        self._check()
        with self._lock:
            owner, expiry = self._claims.get((drill, what), (holder, until))
            if owner != holder and expiry > self._clock.now():
                return False
            self._claims[drill, what] = (holder, until)
            return True

    def take_lease(self, lease: Lease) -> Lease | None:
        """Take or renew an environment's lease; give the other holder's lease when it is taken."""
        self._check()
        with self._lock:
            held = self._leases.get(lease.environment)
            if held is not None and held.drill != lease.drill and held.until > self._clock.now():
                return held
            self._leases[lease.environment] = lease
            return None

    def lease(self, environment: str) -> Lease | None:
        """Give an environment's lease if one is in force."""
        self._check()
        with self._lock:
            held = self._leases.get(environment)
            return held if held is not None and held.until > self._clock.now() else None

    def register_reverter(self, holder: str, host: str, *, until: Instant) -> None:
        """Say that a process of a host reverts what others leave, until an instant."""
        self._check()
        with self._lock:
            self._reverters[holder] = (host, until)

    def reverter_hosts(self) -> Sequence[str]:
        """Name the hosts on which somebody reverts what others leave."""
        self._check()
        with self._lock:
            now = self._clock.now()
            return sorted({host for host, until in self._reverters.values() if until > now})

    def release_lease(self, environment: str, drill: DrillId) -> None:
        """Give a lease back; without effect when it is not held."""
        self._check()
        with self._lock:
            held = self._leases.get(environment)
            if held is not None and held.drill == drill:
                del self._leases[environment]

    def degraded(self) -> str:
        """Give nothing: what this store can't keep, it refuses."""
        return ""

    def close(self) -> None:
        """Keep everything: nothing is held open."""

    def _check(self) -> None:
        if self._failure:
            raise StoreUnavailable(f"the store in memory {self._failure}")

    def _open(self, drill: DrillId, started: Instant) -> _Drill:
        row = DrillRow(drill=drill, scenario="", environment="", started=started, closed=None)
        return self._drills.setdefault(drill, _Drill(row=row))


def _append(drill: _Drill, event: ev.Event) -> None:
    seq = len(drill.events) + 1
    last = drill.hashes[-1] if drill.hashes else envelope.start(event.drill)
    drill.hashes.append(envelope.chain(last, envelope.line(stored_events.encode(event), seq)))
    drill.events.append(Stored(seq=seq, event=event))
    drill.ids.add(event.id)
    drill.row = _indexed(drill.row, event)


def _indexed(row: DrillRow, event: ev.Event) -> DrillRow:
    """Keep the list of drills in step with the two facts that open and close one."""
    fact = event.fact
    if isinstance(fact, ev.DrillPlanned):
        return row._replace(scenario=fact.scenario.scenario, environment=fact.environment)
    if isinstance(fact, GameDayPlanned):
        return row._replace(scenario=fact.plan.gameday, environment=fact.plan.environment)
    if isinstance(fact, ev.HistoryImported):
        closed = event.recorded_at if row.closed is None else row.closed
        return row._replace(imported=True, closed=closed, how=row.how or "imported")
    if isinstance(fact, GameDayEnded) and row.closed is None:
        return row._replace(closed=event.recorded_at, how=fact.why)
    if isinstance(fact, ev.DrillClosed) and row.closed is None:
        return row._replace(closed=event.recorded_at if fact.reverted else None, how=fact.how)
    return row
