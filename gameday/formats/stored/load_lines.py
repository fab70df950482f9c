"""Read the load lines of a whole drill, quickly and in bounded memory.

A running drill stores a line for each second and request name: of a million requests some 80,000. They are
read some thousand at a time and added up at once (`core.facts.merging`), to a chunk for each 10 s and name.
What a line must be is defined in `formats.stored.load` alone: where something is wrong, it finds what.
"""

from __future__ import annotations

import itertools
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import orjson

from gameday.core.facts.load import CHUNK, COLUMNS, GROUPS, Chunk
from gameday.core.facts.merging import Group, Key, Numbers, add_up, merge
from gameday.core.values import is_instant
from gameday.formats.stored import load

Row = dict[str, Any]
"""A line, as JSON holds it."""
Cells = Mapping[str, Sequence[Any]]
"""What many lines with the same keys hold, by key: an element for each line."""

LINES = 16_384
"""Lines that are added up at a time: some 20 MB while they are."""
_BLOCK = 256
"""Lines that are parsed at a time: each call of the parser costs as much as a short line."""


def decode_all(lines: Iterable[str]) -> tuple[Chunk, ...]:
    """Read many lines, and add up those of one request name and time, as `merging.merge` does.

    Raises ValueError for anything that is not a chunk.
    """
    rest = _rows(lines)
    parts: list[Chunk] = []
    while rows := list(itertools.islice(rest, LINES)):
        parts += _added_up(rows)
    try:
        return merge(parts)
    except OverflowError as error:
        raise ValueError(str(error)) from error


def _rows(lines: Iterable[str]) -> Iterator[Row]:
    rest = iter(lines)
    while block := list(itertools.islice(rest, _BLOCK)):
        try:
            rows = orjson.loads(f"[{','.join(block)}]")
        except ValueError:
            rows = []
        # what is not one object a line, or has half a character in its name, is read line by line
        if len(rows) == len(block) and all(type(row) is dict for row in rows):
            yield from rows
        else:
            yield from map(load.row, block)


def _added_up(rows: Sequence[Row]) -> tuple[Chunk, ...]:
    keys: dict[Key, int] = {}
    try:
        shapes = [_cells(names, together) for names, together in _by_shape(rows).items()]
        owners = [_owners(cells, keys) for cells in shapes]
        groups = [_group(shapes, owners, *names) for names in GROUPS]
        return add_up(list(keys), [group for group in groups if group])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        for row in rows:
            load.parse(row)  # raises what is wrong with it
        raise ValueError(f"load samples: {error}") from error


def _by_shape(rows: Iterable[Row]) -> dict[tuple[str, ...], list[Row]]:
    """Put lines with the same keys together: their columns are taken at once, without looking at each."""
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row)].append(row)
    return found


def _cells(names: Sequence[str], rows: Iterable[Row]) -> Cells:
    return dict(zip(names, zip(*(row.values() for row in rows), strict=True), strict=True))


def _owners(cells: Cells, keys: dict[Key, int]) -> Numbers:
    """Give the number of each line's key; new ones are added."""
    numbers = [
        keys.setdefault(key, len(keys))
        for key in zip(cells["start"], cells["type"], cells["name"], strict=True)
    ]
    for key in keys:
        _check(*key)
    return np.array(numbers)


def _check(start: object, type_: object, name: object) -> None:
    # not isinstance: True is an int, too
    of_chunk = type(start) is int and not start % CHUNK and is_instant(start)
    if not of_chunk or not isinstance(type_, str) or not isinstance(name, str):
        raise ValueError("start, type and name")


def _group(
    shapes: Sequence[Cells], owners: Sequence[Numbers], rows: Sequence[str], steps: Sequence[str]
) -> Group | None:
    """Take a group of columns out of lines of all shapes. Raises ValueError for lengths that do not agree."""
    given = [
        (cells, owner, [name for name in (*rows, *steps) if name in cells])
        for cells, owner in zip(shapes, owners, strict=True)
        if not cells.keys().isdisjoint((*rows, *steps))
    ]
    if not given:
        return None
    lengths = [_lengths(cells, names, rows, steps) for cells, _, names in given]
    known = [np.full(len(owner), not steps or steps[0] in names) for _, owner, names in given]
    columns = {
        name: np.concatenate([_column(name, cells.get(name, ())) for cells, _, _ in given])
        for name in (*rows, *steps)
    }
    return Group(
        columns=columns,
        owners=np.concatenate([owner for _, owner, _ in given]),
        lengths=np.concatenate(lengths),
        known=np.concatenate(known),
    )


def _lengths(cells: Cells, names: Sequence[str], rows: Sequence[str], steps: Sequence[str]) -> Numbers:
    if tuple(names) not in {tuple(rows), (*rows, *steps)}:
        raise ValueError("columns are missing")
    lengths, *others = ([len(values) for values in cells[name]] for name in names)
    if any(other != lengths for other in others):
        raise ValueError("columns differ in length")
    return np.array(lengths, dtype=np.int64)


def _column(name: str, cells: Iterable[Sequence[int]]) -> Numbers:
    flat = list(chain.from_iterable(cells))
    code = COLUMNS[name]
    # bytes and array take whole numbers alone, and take them three times as fast as numpy does
    values = np.frombuffer(bytes(flat) if code == "B" else array(code, flat), dtype=code)
    if values.size and values.max() >= load.BELOW.get(name, np.inf):
        raise ValueError(f"{name} outside its range")
    return values
