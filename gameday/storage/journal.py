"""Histories as rows: append at the end, read in order, check that nothing was cut or changed.

Facts stay JSON here, except for the few that open and close drills and game days in the index.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.core.values import Instant, parse_instant
from gameday.formats.stored import envelope, signatures
from gameday.formats.stored.envelope import Document
from gameday.storage import statements as sql
from gameday.storage.database import Executor, Transaction


@dataclass(frozen=True, slots=True)
class Heads:
    """The ends of a drill's two chains: their lengths and last hashes."""

    events: int
    events_head: str
    load: int
    load_head: str
    load_until: float


def append(tx: Transaction, documents: Iterable[Document]) -> int:
    """Store documents at the end of their drills' histories, once per id; give how many were new."""
    by_drill: dict[str, list[Document]] = {}
    for document in documents:
        by_drill.setdefault(document["drill"], []).append(document)
    # Always in the same order: each drill's row is locked, and two transactions could wait for each other.
    return sum(_append(tx, drill, batch) for drill, batch in sorted(by_drill.items()))


def _append(tx: Transaction, drill: str, documents: Sequence[Document]) -> int:
    first = _open(tx, drill, parse_instant(documents[0]["recorded_at"]))
    seq, head = first.events, first.events_head
    for document in documents:
        signature = document.get(signatures.FIELD, "")
        line = envelope.line(signatures.without(document), seq + 1)
        after = envelope.chain(head, line)
        row = {"drill": drill, "seq": seq + 1, "id": document["id"], "kind": document["kind"]}
        # An id that is stored already takes no number: numbers have no gaps, and the chain hashes each line
        # once.
        row |= {"line": line, "hash": after, "signature": str(signature)}
        if tx.execute(sql.ADD_EVENT, row).rowcount == 1:
            seq, head = seq + 1, after
            _index(tx, document)
    tx.execute(sql.MOVE_EVENTS, {"drill": drill, "seq": seq, "head": head})
    return seq - first.events


def _open(tx: Transaction, drill: str, started: Instant) -> Heads:
    row = {"drill": drill, "started": started, "head": envelope.start(drill)}
    return Heads(*tx.execute(sql.OPEN_DRILL, row).fetchall()[0])


def drills(database: Executor) -> Sequence[tuple[Any, ...]]:
    """Give the drills as rows, newest first: (drill, scenario, environment, started, closed, …)."""
    return database.rows(sql.DRILLS)


def documents(database: Executor, drill: str, kind: str) -> list[Document]:
    """Give a drill's events of one kind, in order, as JSON: much quicker than as values."""
    return [json.loads(line) for (line,) in database.rows(sql.OF_KIND, drill=drill, kind=kind)]


def heads(tx: Transaction, drill: str) -> Heads | None:
    """Give the ends of a drill's chains; None when there is no such drill."""
    row = tx.execute(sql.HEADS, {"drill": drill}).fetchone()
    return None if row is None else Heads(*row)


# In the transaction of the event, so that the list of drills never contradicts the histories.
def _index(tx: Transaction, document: Document) -> None:
    drill, fact = document["drill"], document["fact"]
    if document["kind"] == "DrillPlanned":
        names = {"scenario": fact["scenario"]["scenario"], "environment": fact["environment"]}
        tx.execute(sql.NAME_DRILL, {"drill": drill, **names})
    elif document["kind"] == "GameDayPlanned":
        names = {"scenario": fact["plan"]["gameday"], "environment": fact["plan"]["environment"]}
        tx.execute(sql.NAME_DRILL, {"drill": drill, **names})
    elif document["kind"] == "GameDayEnded":
        closed = parse_instant(document["recorded_at"])
        tx.execute(sql.CLOSE_DRILL, {"drill": drill, "closed": closed, "how": fact["why"]})
    elif document["kind"] == "HistoryImported":
        tx.execute(sql.IMPORT_DRILL, {"drill": drill, "imported": parse_instant(document["recorded_at"])})
    elif document["kind"] == "DrillClosed":
        if not fact["reverted"]:
            tx.execute(sql.LEAVE_OPEN, {"drill": drill, "how": fact["how"]})
            return
        closed = parse_instant(document["recorded_at"])
        tx.execute(sql.CLOSE_DRILL, {"drill": drill, "closed": closed, "how": fact["how"]})


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Load lines that were observed together, up to the instant `until`.

    id    makes storing it again a no-op: its samples would be added up twice
    ends  the end of its last chunk
    """

    id: str
    drill: str
    lines: tuple[str, ...]
    ends: float
    until: float


def append_load(tx: Transaction, batch: Batch) -> None:
    """Store one batch of load lines after those of its drill, once per id."""
    # Load may be stored before any event, as an import does; then its time stands in for the start.
    first = _open(tx, batch.drill, Instant(batch.until))
    seq, head = first.load, first.load_head
    # A batch without lines still moves `load_until` on: no requests is an observation, too.
    if batch.lines:
        text = "\n".join(batch.lines)
        after = envelope.chain(head, text)
        row = {"drill": batch.drill, "seq": seq + 1, "id": batch.id, "ends": batch.ends}
        if tx.execute(sql.ADD_LOAD, {**row, "lines": text, "hash": after}).rowcount == 1:
            seq, head = seq + 1, after
    # Batches from a spill file may come after later ones: what was observed must not go back.
    until = max(batch.until, first.load_until)
    tx.execute(sql.MOVE_LOAD, {"drill": batch.drill, "seq": seq, "head": head, "until": until})


def verify(tx: Transaction, drill: str) -> Iterator[str]:
    """Give each mistake in a drill's two chains, with its sequence number; none when they are sound."""
    ends = heads(tx, drill)
    if ends is None:
        yield f"no drill {drill}"
        return
    events = tx.execute(sql.EVENT_CHAIN, {"drill": drill})
    yield from _broken("event", drill, events, ends.events, ends.events_head)
    load = tx.execute(sql.LOAD_CHAIN, {"drill": drill})
    yield from _broken("load batch", drill, load, ends.load, ends.load_head)


def _broken(what: str, drill: str, rows: Iterable[Any], count: int, head: str) -> Iterator[str]:
    expected, last = 1, envelope.start(drill)
    for seq, text, stored in rows:
        if seq != expected:
            yield f"{what} {expected} is missing"
        if envelope.chain(last, text) != stored:
            yield f"{what} {seq} does not follow from the one before it: changed, moved or put in"
        # The line holds its own number, too: the columns alone could have been renumbered.
        if what == "event" and not text.startswith(f'{{"seq":{seq},'):
            yield f"{what} {seq} carries another place"
        # Go on from the stored hash, so that one change is reported once and not for every line after it.
        expected, last = seq + 1, stored
    # A chain that is cut at its end is sound in itself; only the drill's row knows how long it was.
    if (expected - 1, last) != (count, head):
        yield f"the last {what} is {expected - 1} instead of {count}: the end was cut or replaced"
