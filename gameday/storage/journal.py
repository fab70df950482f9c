"""Histories as rows: append at the end, read in order, check that nothing was cut or changed.

Facts stay JSON here, except for the few that open and close drills and game days in the index.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from gameday.core.facts import drill_row
from gameday.core.facts.drill_row import DrillRow
from gameday.core.values import Instant, parse_instant
from gameday.formats.stored import envelope, signatures
from gameday.formats.stored.envelope import Document
from gameday.storage import statements as sql
from gameday.storage.database import Executor, Transaction


class Heads(NamedTuple):
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
    added = {drill: _append(tx, drill, batch) for drill, batch in sorted(by_drill.items())}
    for drill, count in added.items():  # the roll's lock after all others, for the same reason
        if count:
            enroll(tx, drill)
    return sum(added.values())


class Moved(Exception):
    """A history has another end than the writer had read."""


def append_after(tx: Transaction, drill: str, last: int, documents: Sequence[Document]) -> None:
    """Store documents at the end of a history whose last sequence number is `last`. Raises Moved.

    The history's row is locked before it is compared, until the transaction ends.
    """
    if _open(tx, drill, parse_instant(documents[0]["recorded_at"])).events != last:
        raise Moved
    append(tx, documents)


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


def drills(database: Executor, most: int | None = None) -> list[DrillRow]:
    """List the drills, newest first; most: no more than that."""
    rows = database.rows(sql.DRILLS) if most is None else database.rows(sql.NEWEST, most=most)
    return [drill_row.from_columns(row) for row in rows]


def live(database: Executor) -> list[DrillRow]:
    """List the drills that are not closed, newest first."""
    return [drill_row.from_columns(row) for row in database.rows(sql.LIVE)]


def game_days(database: Executor) -> list[DrillRow]:
    """List the game days, newest first."""
    return [drill_row.from_columns(row) for row in database.rows(sql.GAME_DAYS)]


def ends(database: Executor, drill: str) -> str:
    """Give a text that changes with whatever is added to a drill; empty when there is no such drill."""
    rows = database.rows(sql.HEADS, drill=drill)
    return " ".join(map(str, rows[0])) if rows else ""


def documents(database: Executor, drill: str, kind: str) -> list[Document]:
    """Give a drill's events of one kind, in order, as JSON: much quicker than as values."""
    return [envelope.load(line) for (line,) in database.rows(sql.OF_KIND, drill=drill, kind=kind)]


def heads(tx: Transaction, drill: str) -> Heads | None:
    """Give the ends of a drill's chains; None when there is no such drill."""
    row = tx.execute(sql.HEADS, {"drill": drill}).fetchone()
    return None if row is None else Heads(*row)


# In the transaction of the event, so that the list of drills never contradicts the histories.
def _index(tx: Transaction, document: Document) -> None:
    drill, fact = document["drill"], document["fact"]
    if document["kind"] in signatures.PLANS:
        tx.execute(sql.NAME_DRILL, {"drill": drill, **_names(document)})
    elif document["kind"] == "GameDayEnded":
        closed = parse_instant(document["recorded_at"])
        tx.execute(sql.CLOSE_DRILL, {"drill": drill, "closed": closed, "how": _column(fact["why"])})
    elif document["kind"] == "HistoryImported":
        tx.execute(sql.IMPORT_DRILL, {"drill": drill, "imported": parse_instant(document["recorded_at"])})
    elif document["kind"] == "DrillClosed":
        if not fact["reverted"]:
            tx.execute(sql.LEAVE_OPEN, {"drill": drill, "how": _column(fact["how"])})
            return
        closed = parse_instant(document["recorded_at"])
        tx.execute(sql.CLOSE_DRILL, {"drill": drill, "closed": closed, "how": _column(fact["how"])})


def _names(document: Document) -> dict[str, str]:
    """Give what the list of drills has of a plan."""
    fact = document["fact"]
    if document["kind"] == "GameDayPlanned":
        plan = fact["plan"]
        return {"scenario": _column(plan["gameday"]), "environment": _column(plan["environment"])}
    return {"scenario": _column(fact["scenario"]["scenario"]), "environment": _column(fact["environment"])}


def _column(text: str) -> str:
    """Give a text as a column holds it. A line is JSON, and holds NUL, which PostgreSQL's texts do not."""
    return text.replace("\0", "\ufffd")


class Batch(NamedTuple):
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
    enroll(tx, batch.drill)


def enroll(tx: Transaction, drill: str) -> None:
    """Put the ends of a drill that has ended on the store's roll; once more after each later addition."""
    ends, rolled = heads(tx, drill), tx.execute(sql.ROLLED, {"drill": drill}).fetchone()
    if ends is None or not tx.execute(sql.HAS_ENDED, {"drill": drill}).fetchone():
        return
    if rolled is not None and Heads(*rolled) == ends:
        return
    seq, last = tx.execute(sql.LOCK_ROLL, {}).fetchall()[0]
    row = {"seq": seq + 1, "drill": drill, **ends._asdict()}
    row["hash"] = _roll_hash(last, drill, ends)
    tx.execute(sql.ADD_TO_ROLL, row)
    tx.execute(sql.MOVE_ROLL, {"seq": row["seq"], "hash": row["hash"]})


def _roll_hash(last: str, drill: str, ends: Heads) -> str:
    return envelope.chain(last, json.dumps([drill, *ends]))


def verify_roll(tx: Transaction) -> Iterator[str]:
    """Give each mistake in the store's roll of drills, and each drill on it whose history is gone."""
    last, expected = "", 1
    drills_of = {row[0] for row in tx.execute(sql.KNOWN, {}).fetchall()}
    gone: dict[str, None] = {}
    for seq, drill, *ends, stored in tx.execute(sql.ROLL_CHAIN, {}).fetchall():
        if seq != expected:
            yield f"entry {expected} of the store's roll of drills is missing"
        if _roll_hash(last, drill, Heads(*ends)) != stored:
            yield f"entry {seq} of the store's roll of drills was changed, moved or put in"
        if drill not in drills_of:
            gone[drill] = None
        expected, last = seq + 1, stored
    end = tx.execute(sql.ROLL_END, {}).fetchone() or (0, "")
    if (expected - 1, last) != tuple(end):
        yield f"the store's roll of drills ends at {expected - 1} instead of {end[0]}: it was cut or replaced"
    for (drill,) in tx.execute(sql.UNROLLED, {}).fetchall():
        yield f"drill {drill} has ended, and is not on the store's roll of drills: its entries were removed"
    for drill in gone:
        yield f"drill {drill} has ended in this store, and its history is gone"


def verify(tx: Transaction, drill: str) -> Iterator[str]:
    """Give each mistake in a drill's two chains and in what is derived from them; none when all is sound."""
    ends = heads(tx, drill)
    if ends is None:
        yield f"no drill {drill}"
        return
    yield from verify_chains(tx, drill, ends)
    events = tx.execute(sql.EVENT_CHAIN, {"drill": drill}).fetchall()
    yield from _columns(drill, events)
    yield from _load_columns(tx.execute(sql.LOAD_CHAIN, {"drill": drill}).fetchall())
    yield from _index_mistakes(tx, drill, events, ends)
    rolled = tx.execute(sql.ROLLED, {"drill": drill}).fetchone()
    if rolled is not None and Heads(*rolled) != ends:
        was, now = Heads(*rolled)._asdict(), ends._asdict()
        changed = ", ".join(name for name in was if was[name] != now[name])
        yield f"the history does not end where it did when it was written last: {changed}"


def verify_chains(tx: Transaction, drill: str, ends: Heads) -> Iterator[str]:
    """Give each mistake in a drill's two chains alone: what else is stored of it may still be missing."""
    events = tx.execute(sql.EVENT_CHAIN, {"drill": drill}).fetchall()
    chain = [(seq, line, stored) for seq, _, _, line, stored in events]
    yield from _broken("event", drill, chain, ends.events, ends.events_head)
    load = tx.execute(sql.LOAD_CHAIN, {"drill": drill}).fetchall()
    chain = [(seq, lines, stored) for seq, _, lines, stored in load]
    yield from _broken("load batch", drill, chain, ends.load, ends.load_head)


def _columns(drill: str, rows: Iterable[Any]) -> Iterator[str]:
    """Compare the columns of events with their lines: some reads go by the columns."""
    for seq, id_, kind, line, _ in rows:
        try:
            _, document = envelope.parse(line)
        except (ValueError, RecursionError):
            yield f"event {seq} can't be read"
            continue
        for name, column in (("id", id_), ("kind", kind), ("drill", drill)):
            if document.get(name) != column:
                yield f"event {seq}: column {name} is {column}, its line has {document.get(name)}"


def _load_columns(rows: Iterable[Any]) -> Iterator[str]:
    """Compare where batches of load end, by which a read leaves them out, with their lines."""
    from gameday.core.facts.load import CHUNK  # noqa: PLC0415  # not for responders' commands

    for seq, ends, lines, _ in rows:
        try:
            last = max(json.loads(line)["start"] for line in lines.split("\n")) + CHUNK
        except (ValueError, KeyError, TypeError, RecursionError):
            yield f"load batch {seq} can't be read"
            continue
        if last != ends:
            yield f"load batch {seq}: column ends is {ends}, its lines end at {last}"


def _index_mistakes(tx: Transaction, drill: str, rows: Iterable[Any], ends: Heads) -> Iterator[str]:
    """Compare a drill's row in the list of drills with what its events say."""
    stored = dict(zip(drill_row.COLUMNS, tx.execute(sql.ROW, {"drill": drill}).fetchone(), strict=True))
    try:
        expected = _index_row([envelope.parse(line)[1] for _, _, _, line, _ in rows])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return  # a line that can't be read is reported as such
    if stored["started"] == ends.load_until:  # of an import, whose load was stored first
        expected["started"] = stored["started"]
    for name, value in expected.items():
        if stored[name] != value:
            yield f"the list of drills has {name} {stored[name]}, the events have {value}"


def _index_row(documents: Iterable[Document]) -> dict[str, Any]:
    """Give the columns of a drill's row as `_index` makes them of its events."""
    row: dict[str, Any] = {"scenario": "", "environment": "", "closed": None, "how": "", "imported": None}
    for document in documents:
        at, fact = parse_instant(document["recorded_at"]), document["fact"]
        row.setdefault("started", at)
        match document["kind"]:
            case "DrillPlanned" | "GameDayPlanned":
                row |= _names(document)
            case "HistoryImported":
                closed = at if row["closed"] is None else row["closed"]
                row |= {"imported": at, "closed": closed, "how": row["how"] or "imported"}
            case "GameDayEnded" if row["closed"] is None:
                row |= {"closed": at, "how": _column(fact["why"])}
            case "DrillClosed" if row["closed"] is None:
                row |= {"closed": at if fact["reverted"] else None, "how": _column(fact["how"])}
    return row


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
