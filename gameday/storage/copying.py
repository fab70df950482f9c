"""Copies a whole store into another one, of any kind: `gameday store copy`.

Lines are copied byte for byte, with their numbers. The hash chains are computed anew over every line that is
read and must end where the source says; the target's chains are verified at the end. Schedules are copied
with what became of their occurrences. Rights that expire (claims, leases) are not, and no signatures: they
are bound to their store, and nothing of what is copied is in force.

Nothing is overwritten: a target with another history of a drill, or with a drill that the source doesn't
have, is refused. A copy may be stopped at any time and run again: what is there is checked and skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gameday.core.errors import HistoryCorrupt, NotReady, UsageError
from gameday.core.facts.drill_row import DrillRow
from gameday.formats.stored import envelope
from gameday.storage import journal
from gameday.storage import schedule_statements as schedulesql
from gameday.storage import statements as sql
from gameday.storage.database import Executor, Transaction
from gameday.storage.journal import Heads

BATCH = 500
"""Lines that are read and written in one transaction."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Copied:
    """How much a store holds, and how much of it was new to the target."""

    drills: int = 0
    events: int = 0
    load: int = 0
    schedules: int = 0
    new: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Chain:
    """One of a drill's two chains, and the statements for it.

    text   the column that is hashed
    fixed  what the target gets in place of the source's columns that are not copied
    """

    what: str
    lines: str
    hash_at: str
    add: str
    columns: tuple[str, ...]
    text: str
    fixed: Mapping[str, str] = field(default_factory=dict)


EVENTS = _Chain(
    what="event", lines=sql.EVENT_ROWS, hash_at=sql.EVENT_HASH, add=sql.ADD_EVENT,
    columns=("seq", "id", "kind", "line", "hash"), text="line", fixed={"signature": ""},
)  # fmt: skip
LOAD = _Chain(
    what="load batch", lines=sql.LOAD_ROWS, hash_at=sql.LOAD_HASH, add=sql.ADD_LOAD,
    columns=("seq", "id", "ends", "lines", "hash"), text="lines",
)  # fmt: skip


def copy(source: Executor, target: Executor) -> Copied:
    """Copy everything. Raises NotReady for a store in use; HistoryCorrupt, UsageError, StoreUnavailable."""
    _must_be_idle(source)
    drills = [row.drill for row in reversed(_histories(source))]
    unknown = sorted({row.drill for row in _histories(target)} - set(drills))
    if unknown:
        raise UsageError(
            f"the target holds drill {unknown[0]}, which this store does not",
            hint="copy into an empty store, or into one that an earlier copy began",
        )
    counts = [_copy_drill(source, target, drill) for drill in drills]
    schedules, new = _copy_schedules(source, target)
    return Copied(
        drills=len(drills),
        events=sum(heads.events for heads, _ in counts),
        load=sum(heads.load for heads, _ in counts),
        schedules=schedules,
        new=new + sum(added for _, added in counts),
    )


def _histories(store: Executor) -> list[DrillRow]:
    """List all histories: game days, then drills."""
    return [*journal.game_days(store), *journal.drills(store)]


def _must_be_idle(source: Executor) -> None:
    """Refuse a store that is in use: a copy of it would be out of date at once."""
    if live := journal.live(source):
        raise NotReady(
            f"drill {live[0].drill} is live in this store", hint="gameday end or gameday revert closes it"
        )
    if open_game_days := [row.drill for row in journal.game_days(source) if row.closed is None]:
        raise NotReady(f"{open_game_days[0]} has not ended", hint="gameday plan end ends it")
    if active := source.rows(schedulesql.ALL_ACTIVE):
        raise NotReady(
            f"schedule {active[0][0]} has a drill that is claimed or started", hint="stop gameday serve first"
        )


# --- histories ---


def _copy_drill(source: Executor, target: Executor, drill: str) -> tuple[Heads, int]:
    """Copy what is missing of one drill; give the ends of its chains, and how many lines were new."""
    with source.read() as tx:
        index = tx.execute(sql.DRILL, {"drill": drill}).fetchone()
        heads = Heads(*index[5:10])
        there = _target_heads(target, tx, drill)
        added = 0
        for chain, count, head, have in (
            (EVENTS, heads.events, heads.events_head, there.events),
            (LOAD, heads.load, heads.load_head, there.load),
        ):
            # Go on after what an earlier run has copied; `_target_heads` has compared it with the source.
            last = _hash_at(tx, chain, drill, have)
            for batch in _verified(tx, chain, drill, (have, last), (count, head)):
                with target.write() as into:
                    _put(into, chain, drill, index[2], batch)
                added += len(batch)
    with target.write() as into:
        # Last: until then the copy of the drill has no name and no end, and a second run goes on with it.
        into.execute(sql.INDEX_DRILL, dict(zip(sql.DRILL_COLUMNS, (drill, *index), strict=True)))
        journal.enroll(into, drill)
        # Within the transaction: the index names a drill only where its chains are sound.
        if wrong := list(journal.verify(into, drill)):
            raise HistoryCorrupt(f"the copy of drill {drill} is not sound: {'; '.join(wrong)}")
    return heads, added


def _target_heads(target: Executor, source: Transaction, drill: str) -> Heads:
    """Give how far the target has a drill. Raises HistoryCorrupt where that is another history."""
    with target.read() as tx:
        heads = journal.heads(tx, drill)
        if heads is None:
            return Heads(0, envelope.start(drill), 0, envelope.start(drill), 0.0)
        wrong = list(journal.verify_chains(tx, drill, heads))
    if wrong:
        raise HistoryCorrupt(f"drill {drill} in the target is not sound: {'; '.join(wrong)}")
    for chain, have, head in ((EVENTS, heads.events, heads.events_head), (LOAD, heads.load, heads.load_head)):
        if _hash_at(source, chain, drill, have) != head:
            raise HistoryCorrupt(
                f"the target holds another history of drill {drill}: its {chain.what} {have} differs"
            )
    return heads


def _hash_at(tx: Transaction, chain: _Chain, drill: str, seq: int) -> str:
    """Give the hash of a chain at a line's number; empty where the chain is shorter."""
    if seq == 0:
        return envelope.start(drill)
    row = tx.execute(chain.hash_at, {"drill": drill, "seq": seq}).fetchone()
    return str(row[0]) if row else ""


def _verified(
    tx: Transaction, chain: _Chain, drill: str, begin: tuple[int, str], end: tuple[int, str]
) -> Iterator[list[dict[str, Any]]]:
    """Give the rows after `begin` in batches, checking that each follows from the one before, to the end."""
    seq, last = begin
    while seq < end[0]:
        values = {"drill": drill, "after": seq, "most": BATCH}
        rows = [dict(zip(chain.columns, row, strict=True)) for row in tx.execute(chain.lines, values)]
        for row in rows:
            seq, last = seq + 1, envelope.chain(last, row[chain.text])
            if (row["seq"], row["hash"]) != (seq, last):
                raise HistoryCorrupt(
                    f"{chain.what} {seq} of drill {drill} was changed or is missing", hint="gameday verify"
                )
        # Rows are missing at the end: without this the loop would never end.
        if not rows:
            break
        yield rows
    if (seq, last) != end:
        raise HistoryCorrupt(f"drill {drill} ends at {chain.what} {seq}, not {end[0]}", hint="gameday verify")


def _put(tx: Transaction, chain: _Chain, drill: str, started: float, rows: Sequence[dict[str, Any]]) -> None:
    """Append a batch with the chain's new end, in the caller's transaction: both or neither.

    The drill's row is made first, which also locks it (`statements.OPEN_DRILL`).
    """
    tx.execute(sql.OPEN_DRILL, {"drill": drill, "started": started, "head": envelope.start(drill)})
    for row in rows:
        tx.execute(chain.add, {"drill": drill, **chain.fixed, **row})
    last = {"drill": drill, "seq": rows[-1]["seq"], "head": rows[-1]["hash"]}
    if chain is EVENTS:
        tx.execute(sql.MOVE_EVENTS, last)
    else:
        tx.execute(sql.MOVE_LOAD, {**last, "until": max(row["ends"] for row in rows)})


# --- schedules ---


def _copy_schedules(source: Executor, target: Executor) -> tuple[int, int]:
    """Copy schedules, occurrences and approvals in one transaction; refuse a target with others."""
    schedules = new = 0
    # Read in one transaction, so that no occurrence is copied without its schedule.
    with source.read() as tx, target.write() as into:
        for table, columns in schedulesql.COPIED.items():
            rows = tx.execute(schedulesql.ALL[table], {}).fetchall()
            for row in rows:
                values = dict(zip(columns, row, strict=True))
                new += into.execute(schedulesql.PUT[table], values).rowcount
            there = into.execute(schedulesql.ALL[table], {}).fetchall()
            # DO NOTHING keeps a row of the target that differs: compare, so that it is not taken for a copy.
            if set(map(tuple, there)) != set(map(tuple, rows)):
                raise UsageError(
                    f"the target holds other {table} than this store",
                    hint="copy into an empty store, or into one that an earlier copy began",
                )
            schedules += len(rows) if table == "schedules" else 0
    return schedules, new
