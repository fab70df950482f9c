"""Count requests inside Locust's process, cheaply (2 µs each), and hand them out as chunks.

It knows neither Locust nor a clock. Memory is bounded: after the first `MAX_NAMES` request names, further
ones are counted under `OTHER_NAME`, by their type where that is an HTTP method.
"""

from __future__ import annotations

from collections.abc import Hashable

from gameday.core.facts.load import BUCKETS_PER_CHUNK, CHUNK, STEPS, Chunk, bin_of

MAX_NAMES = 500
OTHER_NAME = "(other)"

_PER_SECOND = STEPS * BUCKETS_PER_CHUNK / CHUNK
"""Steps in a second. Counted in steps, and put together by bucket only when handed out: for a request itself
a finer count costs nothing more."""
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
_CODES = 1024
"""A cell is step * _CODES + code: one integer, since a tuple would cost more for each request."""
_BAD = _CODES - 1
_OPEN = _CODES - 2


class BucketTable:
    """The counts of one request name since the last `take`."""

    __slots__ = ("cells", "name", "type")

    def __init__(self, type_: str, name: str) -> None:
        self.type = type_
        self.name = name
        self.cells: dict[int, int] = {}


class Tally:
    """The counts of all request names since the last `take`."""

    def __init__(self, max_names: int = MAX_NAMES) -> None:
        self._max_names = max_names
        self._tables: dict[tuple[Hashable, Hashable], BucketTable] = {}
        self._others: dict[str, BucketTable] = {}

    @property
    def folded(self) -> bool:
        """Whether there were more names than are counted separately."""
        return bool(self._others)

    def completed(
        self, key: tuple[Hashable, Hashable], start: float, milliseconds: float, failed: bool
    ) -> None:
        """Count a request, by (type, name), that started at `start` and has ended."""
        table = self._tables.get(key) or self._table(key)
        cell = int(start * _PER_SECOND) * _CODES + (_BAD if failed else bin_of(milliseconds))
        cells = table.cells
        cells[cell] = cells.get(cell, 0) + 1

    def opened(self, key: tuple[Hashable, Hashable], start: float) -> tuple[BucketTable, int]:
        """Count a request as open. Gives what `closed` takes back when it ends."""
        table = self._tables.get(key) or self._table(key)
        mark = (table, int(start * _PER_SECOND) * _CODES + _OPEN)
        _add(mark, 1)
        return mark

    def closed(self, mark: tuple[BucketTable, int]) -> None:
        """Count a request, that was open, as ended."""
        # Below zero where the open request was handed out already: chunks of one time add up.
        _add(mark, -1)

    def _table(self, key: tuple[Hashable, Hashable]) -> BucketTable:
        type_, name = _text(key[0]), _text(key[1])
        if len(self._tables) < self._max_names:
            return self._tables.setdefault(key, BucketTable(type_, name))
        kept = type_ if type_ in _METHODS else ""
        return self._others.setdefault(kept, BucketTable(kept, OTHER_NAME))

    def take(self) -> list[Chunk]:
        """Give the counts since the last call."""
        chunks: list[Chunk] = []
        for table in (*self._tables.values(), *self._others.values()):
            if table.cells:
                # The cells are replaced, never the table: marks of open requests refer to it.
                cells, table.cells = table.cells, {}
                chunks.extend(_chunks(table, cells))
        return chunks


def _add(mark: tuple[BucketTable, int], number: int) -> None:
    table, cell = mark
    table.cells[cell] = table.cells.get(cell, 0) + number


def _text(value: Hashable) -> str:
    """Turn a request's name into text that can be encoded: clients may pass bytes or lone surrogates."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value).encode(errors="replace").decode()


_Row = list[int]
"""Bucket within the chunk, code, count, first step, last step."""


def _chunks(table: BucketTable, cells: dict[int, int]) -> list[Chunk]:
    rows: dict[tuple[int, int], _Row] = {}
    for cell in sorted(cells):  # so that steps come in order
        count = cells[cell]
        if not count:  # opened and closed since the last take
            continue
        at, code = divmod(cell, _CODES)
        bucket, step = divmod(at, STEPS)
        row = rows.setdefault((bucket, code), [bucket % BUCKETS_PER_CHUNK, code, 0, step, step])
        row[2] += count
        row[4] = step
    by_start: dict[int, list[_Row]] = {}
    for (bucket, _), row in rows.items():
        if row[2]:
            by_start.setdefault(bucket // BUCKETS_PER_CHUNK, []).append(row)
    return [_chunk(table, chunk, together) for chunk, together in by_start.items()]


def _chunk(table: BucketTable, chunk: int, rows: list[_Row]) -> Chunk:
    good = [row for row in rows if row[1] < _OPEN]
    bad = [row for row in rows if row[1] == _BAD]
    opened = [row for row in rows if row[1] == _OPEN]
    return Chunk(
        type=table.type,
        name=table.name,
        start=chunk * int(CHUNK),
        at=[row[0] for row in good],
        bin=[row[1] for row in good],
        count=[row[2] for row in good],
        first=[row[3] for row in good],
        last=[row[4] for row in good],
        bad_at=[row[0] for row in bad],
        bad_count=[row[2] for row in bad],
        bad_first=[row[3] for row in bad],
        bad_last=[row[4] for row in bad],
        open_at=[row[0] for row in opened],
        open_count=[row[2] for row in opened],
    )
