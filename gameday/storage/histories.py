"""`ports.HistoryStore` over any database that runs our statements.

Signatures are made and checked here and nowhere else: made for events that this process appends, never for
what it read from elsewhere; checked for each fact of a signed kind that is read (adr/0016).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from gameday.core.errors import HistoryCorrupt, NotReady, StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.facts import drill_row
from gameday.core.facts.load import CHUNK, Chunk, LoadHistory
from gameday.core.values import DrillId, Instant, instant
from gameday.formats.stored import envelope, signatures
from gameday.formats.stored import events as stored_events
from gameday.formats.stored import load as load_lines
from gameday.formats.stored.envelope import Document
from gameday.ports import DrillRow, Lease, Stored
from gameday.storage import journal
from gameday.storage import statements as sql
from gameday.storage.database import Executor
from gameday.storage.journal import Batch
from gameday.system import clock, ids, known_secrets
from gameday.system.signing_key import OWN, SigningKey

PAGE = 512
"""Batches of load that are read at a time."""


class SqlStore:
    """Histories in a database that any number of processes append to. key: by which facts are signed."""

    def __init__(
        self,
        database: Executor,
        *,
        now: Callable[[], Instant] = clock.now,
        key: SigningKey = OWN,
    ) -> None:
        self._database = database
        self._now = now
        self._key = key
        self._key_value: bytes | None = None
        self._identity = ""
        self._environments: dict[str, set[str]] = {}
        """By drill, those that its plans name: more than one only where somebody meddled."""

    def append(self, *events: ev.Event) -> None:
        """Store events, redacted, at the end of their drill's history, in one transaction, once per id."""
        if events:
            self.write([self.encode(event) for event in events])

    def append_after(self, drill: DrillId, last: int, *events: ev.Event) -> bool:
        """Store events of a history only if its last sequence number is `last`; False otherwise."""
        documents = [self.encode(event) for event in events]
        try:
            with self._database.write() as tx:
                journal.append_after(tx, drill, last, documents)
        except journal.Moved:
            return False
        return True

    # --- signatures ---

    def encode(self, event: ev.Event) -> Document:
        """Give the stored form of an event of this process, redacted, and signed where facts of its kind are.

        An event that was read unsigned, from a file or a store, stays so.
        """
        document = stored_events.encode(known_secrets.redactor().value(event))
        self._learn_environment(document)
        if document["kind"] in signatures.PLANS:
            # While the store still takes a write: later, what is signed may have to be spilled.
            with suppress(StoreUnavailable):
                self._store_identity()
        if document["kind"] in signatures.KINDS and event.signed:
            # Without a key or a store it is stored unsigned: preflight has refused to begin so, and a revert
            # must not wait.
            with suppress(NotReady, StoreUnavailable):
                key = self._key_value = self._key_value or self._key.obtain()
                bound = {"store": self._store_identity(), "environment": self._environment(event.drill)}
                document[signatures.FIELD] = signatures.sign(key, document, **bound)
        return document

    def decode(self, document: Document) -> ev.Event:
        """Read an event from its stored form, and check its signature where facts of its kind have one."""
        return stored_events.decode(document, signed=self._is_signed(document))

    def learn_environments(self, documents: Iterable[Document]) -> None:
        """Take note of the environments that plans name, before the facts of their drills are decoded."""
        for document in documents:
            self._learn_environment(document)

    def _learn_environment(self, document: Document) -> None:
        with suppress(KeyError, TypeError):  # whoever decodes it reports what is wrong with it
            environment = signatures.environment_of(document)
            if environment is not None:
                self._environments.setdefault(document["drill"], set()).add(environment)

    def _is_signed(self, document: Document) -> bool:
        if str(document.get("kind")) not in signatures.KINDS or signatures.FIELD not in document:
            return False
        self._key_value = self._key_value or self._key.load()
        identity = self._identity or self._read_identity()
        if self._key_value is None or not identity:
            return False
        bound = {"store": identity, "environment": self._environment(str(document.get("drill")))}
        return signatures.holds(self._key_value, document, **bound)

    def _store_identity(self) -> str:
        """Give the store's own id, and make it at its first use. Raises StoreUnavailable."""
        if not (self._identity or self._read_identity()):
            with self._database.write() as tx:
                tx.execute(sql.IDENTIFY, {"id": ids.new_event_id()})
        return self._identity or self._read_identity()

    def _read_identity(self) -> str:
        rows = self._database.rows(sql.IDENTITY)
        self._identity = str(rows[0][0]) if rows else ""
        return self._identity

    def _environment(self, drill: str) -> str:
        """Give the environment of a drill's plan; a text that no plan names where plans name several."""
        if drill not in self._environments:
            for kind in signatures.PLANS:
                lines = self._database.rows(sql.OF_KIND, drill=drill, kind=kind)
                self.learn_environments(envelope.parse(line)[1] for (line,) in lines)
        named = self._environments.get(drill, {""})
        return next(iter(named)) if len(named) == 1 else "\0".join(sorted(named))

    # --- histories ---

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
        parsed = [_parsed(*row) for row in rows]
        self.learn_environments(document for _, document in parsed)
        return [Stored(seq=seq, event=self.decode(document)) for seq, document in parsed]

    def lines(self, drill: DrillId) -> Sequence[str]:
        """Give a drill's events as their stored lines, in order. Raises LookupError for an unknown drill."""
        self._must_exist(drill)
        return [line for _, _, _, line, _ in self._database.rows(sql.EVENT_CHAIN, drill=drill)]

    def ends(self, drill: DrillId) -> str:
        """Give a text that changes with whatever is added to a drill; empty for an unknown drill."""
        return journal.ends(self._database, drill)

    def append_load(self, drill: DrillId, chunks: Iterable[Chunk], until: Instant) -> None:
        """Store load samples; until: the instant up to which load was observed."""
        self.write([], [batch_of(drill, chunks, until)])

    def read_load(self, drill: DrillId, *, since: Instant | None = None) -> LoadHistory:
        """Give the samples in chunks that end after `since`; all of them without it."""
        begin = 0.0 if since is None else since
        with self._database.read() as tx:
            heads = journal.heads(tx, drill)
        if heads is None:
            raise LookupError(drill)
        lines = (line for batch in self._batches(drill, begin, heads.load) for line in batch.split("\n"))
        return LoadHistory(chunks=chunks_of(lines, begin), until=heads.load_until)

    def _batches(self, drill: DrillId, begin: float, last: int) -> Iterator[str]:
        """Give the batches of load up to number `last`, some at a time: ten million requests fill 200 MB.

        What was stored stays, so that several reads see the same as one.
        """
        after = 0
        page = {"drill": drill, "since": begin, "last": last, "most": PAGE}
        while rows := self._database.rows(sql.LOAD, after=after, **page):
            yield from (lines for _, lines in rows)
            after = rows[-1][0]

    def clock(self) -> Instant | None:
        """Read the store's own clock; None where it has only this machine's."""
        now = self._database.clock()
        return None if now is None else instant(now)

    def drills(self) -> Sequence[DrillRow]:
        """List the drills, newest first."""
        return journal.drills(self._database)

    def live(self) -> Sequence[DrillRow]:
        """List the drills that are not closed, newest first."""
        return journal.live(self._database)

    def game_days(self) -> Sequence[DrillRow]:
        """List the game days, newest first, each with its plan's id as scenario."""
        return journal.game_days(self._database)

    def verify_roll(self) -> Sequence[str]:
        """Check the chain over the ends of all histories; give each mistake, and what is gone."""
        with self._database.read() as tx:
            return list(journal.verify_roll(tx))

    def verify(self, drill: DrillId) -> Sequence[str]:
        """Check both hash chains; give each mistake, with its sequence number. Empty when sound."""
        with self._database.read() as tx:
            return list(journal.verify(tx, drill))

    def verify_signatures(self, drill: DrillId) -> Sequence[str]:
        """Check the signatures of what makes gameday act, which are in no chain; give each mistake.

        Nothing is known of them without this installation's key. What was imported, or was copied here after
        it had ended, carries none.
        """
        with self._database.read() as tx:
            found = tx.execute(sql.ROW, {"drill": drill}).fetchone()
            rows = tx.execute(sql.EVENTS, {"drill": drill, "after": 0}).fetchall()
        self._key_value = self._key_value or self._key.load()
        index = drill_row.from_columns(found) if found else None
        if self._key_value is None or index is None or index.imported:
            return ()
        parsed = [_parsed(line, signature) for line, signature in rows]
        acting = [(seq, each) for seq, each in parsed if str(each.get("kind")) in signatures.KINDS]
        must_be_signed = index.closed is None or any(signatures.FIELD in each for _, each in acting)
        wrong = [(seq, each) for seq, each in acting if not self._is_signed(each)]
        return [
            _WRONG_SIGNATURE.format(seq=seq, kind=each["kind"])
            if signatures.FIELD in each
            else f"event {seq} ({each['kind']}) carries no signature: it was taken away, or never made"
            for seq, each in wrong
            if signatures.FIELD in each or must_be_signed
        ]

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


_WRONG_SIGNATURE = (
    "event {seq} ({kind}): its signature does not hold here: it or the store's own id was changed, "
    "or another key made it"
)


def _parsed(line: str, signature: str) -> tuple[int, Document]:
    """Read a row; its signature is the column's alone, never a key of the line."""
    try:
        seq, document = envelope.parse(line)
    except (ValueError, TypeError, RecursionError) as error:
        raise HistoryCorrupt(f"a line of the store can't be read: {error}", hint="gameday verify") from error
    document.pop(signatures.FIELD, None)
    return seq, {**document, signatures.FIELD: signature} if signature else document


def _lease(row: tuple[Any, ...]) -> Lease:
    environment, drill, holder, since, until = row
    return Lease(environment=environment, drill=drill, holder=holder, since=since, until=until)


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
    from gameday.formats.stored.load_lines import decode_all  # noqa: PLC0415  # numpy: only for who reads load

    return tuple(chunk for chunk in decode_all(lines) if chunk.start + CHUNK > begin)
