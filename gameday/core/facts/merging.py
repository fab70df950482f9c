"""Add up chunks and lines of load samples, many at a time, with numpy.

What was counted of one request name and time in several parts becomes one chunk, sorted, without counts of
zero: in any order, in any grouping and done twice, the result is the same. It is not part of `load`, because
the plug-in in Locust's process imports that, and must not wait for numpy.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gameday.core.facts.load import BUCKETS_PER_CHUNK, COLUMNS, GROUPS, Chunk

Numbers = npt.NDArray[Any]
"""A column of whole numbers."""
Key = tuple[int, str, str]
"""Start of a chunk, type, name: what is added up belongs to one of them."""

BLOCK = 512
"""Chunks that are looked at together, which bounds the memory that this takes."""
_BIN_BITS = 16
"""Bits of a latency bin, as a chunk's column has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A group of columns (`GROUPS`) of many parts, one after the other.

    columns  by name, those of the steps without the parts that do not have them
    owners   the number of each part's key
    lengths  rows of each part
    known    whether each part with rows has their steps
    """

    columns: Mapping[str, Numbers]
    owners: Numbers
    lengths: Numbers
    known: npt.NDArray[np.bool_]


def merge(chunks: Iterable[Chunk]) -> tuple[Chunk, ...]:
    """Add up the chunks of each request name and time: one each, sorted, without counts of zero.

    In any order, in any grouping and done twice, the result is the same. Linear in the number of rows. Raises
    OverflowError where the counts come to more than a column holds.
    """
    named: dict[Key, list[Chunk]] = {}
    for chunk in chunks:
        named.setdefault((chunk.start, chunk.type, chunk.name), []).append(chunk)
    alone = [key for key, together in named.items() if len(together) == 1]
    done = {key: named[key][0] for key in alone}
    # most that are read back are added up already, and stay as they are
    wanted = [key for key, together in named.items() if len(together) > 1]
    for block in _blocks(alone):
        wanted += [block[number] for number in _unsorted([done[key] for key in block])]
    for block in _blocks(sorted(wanted)):
        for key in block:
            done.pop(key, None)
        done.update(((one.start, one.type, one.name), one) for one in _merged(block, named))
    ordered = (done[key] for key in sorted(done))
    return tuple(chunk for chunk in ordered if chunk.at or chunk.bad_at or chunk.open_at)


def add_up(keys: Sequence[Key], groups: Iterable[Group]) -> tuple[Chunk, ...]:
    """Add up parts into a chunk for each key that has any, in the order of the keys.

    Raises OverflowError where the counts come to more than a column holds.
    """
    sums = [_Sums.added_up(len(keys), group) for group in groups]
    chunks = []
    for number, (start, type_, name) in enumerate(keys):
        columns = dict(pair for one in sums for pair in one.columns_of(number))
        if columns:
            chunks.append(Chunk(type=type_, name=name, start=start, **columns))
    return tuple(chunks)


def joined(chunks: Sequence[Chunk], column: str) -> Numbers:
    """Give a column of many chunks, one after the other."""
    # through bytes: an array of numpy for each chunk would take most of the time
    return np.frombuffer(b"".join([getattr(chunk, column) for chunk in chunks]), dtype=COLUMNS[column])


def lengths(chunks: Sequence[Chunk], column: str) -> Numbers:
    """Give how many rows of a column each chunk has."""
    return np.array([len(getattr(chunk, column)) for chunk in chunks], dtype=np.int64)


def _blocks(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    for start in range(0, len(keys), BLOCK):
        yield keys[start : start + BLOCK]


def _unsorted(chunks: Sequence[Chunk]) -> list[int]:
    """Find the chunks that have something to add up or to sort."""
    found: set[int] = set()
    for rows, _ in GROUPS:
        at, count = rows[0], rows[-1]
        owner = np.repeat(np.arange(len(chunks)), lengths(chunks, at))
        place = _places(owner, joined(chunks, at), joined(chunks, rows[1]) if len(rows) > 2 else None)
        found.update(owner[1:][place[1:] <= place[:-1]].tolist())
        found.update(owner[joined(chunks, count) == 0].tolist())
    return sorted(found)


def _places(owner: Numbers, at: Numbers, bins: Numbers | None) -> Numbers:
    """Number what is counted apart: by key, bucket and bin, in the order of a chunk's rows."""
    place = (owner * BUCKETS_PER_CHUNK + at) << _BIN_BITS
    return place if bins is None else place | bins


def _merged(keys: Sequence[Key], named: Mapping[Key, Sequence[Chunk]]) -> tuple[Chunk, ...]:
    parts = [chunk for key in keys for chunk in named[key]]
    owners = np.repeat(np.arange(len(keys)), [len(named[key]) for key in keys])
    groups = []
    for rows, steps in GROUPS:
        length = lengths(parts, rows[0])
        known = lengths(parts, steps[0]) == length if steps else np.ones(len(parts), dtype=bool)
        columns = {name: joined(parts, name) for name in (*rows, *steps)}
        groups.append(Group(columns=columns, owners=owners, lengths=length, known=known))
    return add_up(keys, groups)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sums:
    """A group of columns, added up: the rows of key n are `bounds[n]` to `bounds[n + 1]`.

    unknown  the keys of which some part does not have its steps
    """

    columns: Mapping[str, array[int]]
    steps: tuple[str, ...]
    bounds: Sequence[int]
    unknown: frozenset[int]

    @classmethod
    def added_up(cls, keys: int, group: Group) -> _Sums:
        """Add a group up: its rows by key, bucket and bin, in order."""
        rows, steps = next((rows, steps) for rows, steps in GROUPS if rows[0] in group.columns)
        owner = np.repeat(group.owners, group.lengths)
        bins = group.columns[rows[1]] if len(rows) > 2 else None
        place = _places(owner, group.columns[rows[0]], bins)
        unknown = frozenset(group.owners[~group.known & (group.lengths > 0)].tolist())
        columns = {**group.columns, **{name: _of_known(group, name) for name in steps}}
        if not (np.all(place[1:] > place[:-1]) and np.all(columns[rows[-1]])):
            place, columns = _summed(place, columns)
        bounds = np.searchsorted(place >> _BIN_BITS, np.arange(keys + 1) * BUCKETS_PER_CHUNK).tolist()
        compact = {name: _compact(name, values) for name, values in columns.items()}
        return cls(columns=compact, steps=steps, bounds=bounds, unknown=unknown)

    def columns_of(self, number: int) -> Iterator[tuple[str, array[int]]]:
        """Give the columns of one key; none where it has no rows."""
        first, last = self.bounds[number], self.bounds[number + 1]
        if first < last:
            for name, values in self.columns.items():
                if number not in self.unknown or name not in self.steps:
                    yield name, values[first:last]


def _of_known(group: Group, name: str) -> Numbers:
    """Fill in the steps of the parts that do not have them: they are left out of the chunk again."""
    if group.known.all():
        return group.columns[name]
    whole = np.zeros(int(group.lengths.sum()), dtype=COLUMNS[name])
    whole[np.repeat(group.known, group.lengths)] = group.columns[name]
    return whole


def _summed(place: Numbers, columns: Mapping[str, Numbers]) -> tuple[Numbers, dict[str, Numbers]]:
    """Add up the rows of each place, in order, and leave out those that come to zero."""
    order = np.argsort(place, kind="stable")
    place = place[order]
    starts = np.flatnonzero(np.concatenate(([True], place[1:] != place[:-1])))
    summed = {name: _reduced(name, values[order], starts) for name, values in columns.items()}
    # zeros go: an open request that has ended adds up to 0
    [count] = (values for name, values in summed.items() if name.endswith("count"))
    kept = count != 0
    return place[starts][kept], {name: values[kept] for name, values in summed.items()}


def _reduced(name: str, values: Numbers, starts: Numbers) -> Numbers:
    if name.endswith("count"):
        return np.add.reduceat(values.astype(np.int64), starts)
    if name.endswith("first"):
        return np.minimum.reduceat(values, starts)
    if name.endswith("last"):
        return np.maximum.reduceat(values, starts)
    return values[starts]


def _compact(name: str, values: Numbers) -> array[int]:
    code = COLUMNS[name]
    limits = np.iinfo(code)
    if values.size and not limits.min <= int(values.min()) <= int(values.max()) <= limits.max:
        raise OverflowError(f"load samples: {name} comes to more than {limits.max}")
    column: array[int] = array(code)
    column.frombytes(values.astype(code).tobytes())
    return column
