"""`ports.HistoryStore` over any database that runs our statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.facts.load import CHUNK, Chunk, LoadHistory
from gameday.core.values import DrillId, Instant
from gameday.formats.stored import envelope
from gameday.formats.stored import events as stored_events
from gameday.formats.stored import load as load_lines
from gameday.formats.stored.envelope import Document
from gameday.ports import DrillRow, Lease, Stored
from gameday.storage import journal
from gameday.storage import statements as sql
from gameday.storage.database import Executor
from gameday.storage.journal import Batch
from gameday.system import clock, ids, known_secrets


class SqlStore:
    """Histories in a database that any number of processes append to."""

    def __init__(self, database: Executor, *, now: Callable[[], Instant] = clock.now) -> None:
        self._database = database
        self._now = now

    def append(self, *events: ev.Event) -> None:
        """Store events, redacted, at the end of their drill's history, in one transaction, once per id."""
        if events:
            self.write([stored_events.encode(known_secrets.redactor().value(event)) for event in events])

    def write(
        self, documents: Sequence[Document], load: Sequence[Batch] = (), *, within: float | None = None
    ) -> None:
        """Store encoded events and load, all or none; `within`: seconds to wait for the write lock."""
        with self._database.write(within) as tx:
            journal.append(tx, documents)
            for batch in load:
                journal.append_load(tx, batch)

    def read(self, drill: DrillId, *, after: int = 0) -> Sequence[Stored]:
        """Give the events of a drill after sequence number `after`. Raises LookupError for no such drill."""
        rows = self._database.rows(sql.EVENTS, drill=drill, after=after)
        if not rows:
            self._must_exist(drill)
        return [_stored(line) for _, line in rows]

    def append_load(self, drill: DrillId, chunks: Iterable[Chunk], until: Instant) -> None:
        """Store load samples; until: the instant up to which load was observed."""
        self.write([], [batch_of(drill, chunks, until)])

    def read_load(self, drill: DrillId, *, since: Instant | None = None) -> LoadHistory:
        """Give the samples in chunks that end after `since`; all of them without it."""
        begin = 0.0 if since is None else since
        with self._database.read() as tx:
            heads = journal.heads(tx, drill)
            batches = tx.execute(sql.LOAD, {"drill": drill, "since": begin}).fetchall()
        if heads is None:
            raise LookupError(drill)
        lines = (line for (batch,) in batches for line in batch.split("\n"))
        return LoadHistory(chunks=chunks_of(lines, begin), until=heads.load_until)

    def drills(self) -> Sequence[DrillRow]:
        """List the drills, newest first."""
        return [_drill_row(row) for row in self._database.rows(sql.DRILLS)]

    def live(self) -> Sequence[DrillRow]:
        """List the drills that are not closed, newest first."""
        return [_drill_row(row) for row in self._database.rows(sql.LIVE)]

    def game_days(self) -> Sequence[DrillRow]:
        """List the game days, newest first, each with its plan's id as scenario."""
        return [_drill_row(row) for row in self._database.rows(sql.GAME_DAYS)]

    def verify(self, drill: DrillId) -> Sequence[str]:
        """Check both hash chains; give each mistake, with its sequence number. Empty when sound."""
        with self._database.read() as tx:
            return list(journal.verify(tx, drill))

    def claim(self, drill: DrillId, what: str, holder: str, *, until: Instant) -> bool:
        """Win the named right of a drill; False while another holder's is in force."""
        row = {"drill": drill, "what": what, "holder": holder, "until": until, "now": self._now()}
        with self._database.write() as tx:
            return bool(tx.execute(sql.CLAIM, row).rowcount == 1)

    def take_lease(self, lease: Lease) -> Lease | None:
        """Take or renew an environment's lease; when another holder has it, give theirs."""
        row = {
            "environment": lease.environment,
            "drill": lease.drill,
            "holder": lease.holder,
            "since": lease.since,
            "until": lease.until,
            "now": self._now(),
        }
        with self._database.write() as tx:
            if tx.execute(sql.TAKE_LEASE, row).rowcount == 1:
                return None
            row_in_force = tx.execute(sql.LEASE, {"environment": lease.environment}).fetchone()
        return _lease(row_in_force)

    def lease(self, environment: str) -> Lease | None:
        """Give an environment's lease if one is in force."""
        with self._database.read() as tx:
            row = tx.execute(sql.LEASE, {"environment": environment}).fetchone()
        lease = None if row is None else _lease(row)
        # An expired lease stays in the table until somebody takes it.
        return lease if lease is not None and lease.until > self._now() else None

    def register_reverter(self, holder: str, host: str, *, until: Instant) -> None:
        """Record that a process on a host reverts what others leave in force, until an instant."""
        with self._database.write() as tx:
            # Every entry has a new holder when a daemon restarts: without this the table would only grow.
            tx.execute(sql.EXPIRE_STANDBYS, {"now": self._now()})
            tx.execute(sql.STAND_BY, {"holder": holder, "host": host, "until": until})

    def reverter_hosts(self) -> Sequence[str]:
        """Name the hosts on which a process reverts what others leave in force."""
        return [host for (host,) in self._database.rows(sql.STANDBY_HOSTS, now=self._now())]

    def release_lease(self, environment: str, drill: DrillId) -> None:
        """Give a lease back; without effect when it is not held."""
        with self._database.write() as tx:
            tx.execute(sql.RELEASE_LEASE, {"environment": environment, "drill": drill})

    def degraded(self) -> str:
        """Give an empty text: what this store can't keep, it refuses; `storage.spill` keeps that."""
        return ""

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _must_exist(self, drill: DrillId) -> None:
        if not self._database.rows(sql.HEADS, drill=drill):
            raise LookupError(drill)


def _stored(line: str) -> Stored:
    seq, document = envelope.parse(line)
    return Stored(seq=seq, event=stored_events.decode(document))


def _lease(row: tuple[Any, ...]) -> Lease:
    environment, drill, holder, since, until = row
    return Lease(environment=environment, drill=drill, holder=holder, since=since, until=until)


def _drill_row(row: tuple[Any, ...]) -> DrillRow:
    drill, scenario, environment, started, closed, how = row
    return DrillRow(
        drill=drill, scenario=scenario, environment=environment, started=started, closed=closed, how=how
    )


def batch_of(drill: DrillId, chunks: Iterable[Chunk], until: Instant) -> Batch:
    """Encode load samples as one batch with an id of its own."""
    batch = list(chunks)
    return Batch(
        id=ids.new_event_id(),
        drill=drill,
        lines=tuple(load_lines.encode(chunk) for chunk in batch),
        # The last chunk's end, by which `read_load` leaves out whole batches without decoding them.
        ends=max((chunk.start + CHUNK for chunk in batch), default=0.0),
        until=until,
    )


def chunks_of(lines: Iterable[str], begin: float) -> tuple[Chunk, ...]:
    """Decode load lines, except for the chunks that end by `begin`."""
    return tuple(chunk for chunk in load_lines.decode_all(lines) if chunk.start + CHUNK > begin)
