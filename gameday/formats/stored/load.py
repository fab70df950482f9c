"""Load samples as text: load.jsonl, one line for each request name and 10 s, in columns; lines add up.

The standard library is enough, because the plug-in in Locust's process writes with this module.

A line: `{"type":"GET","name":"/","start":1764583200,"at":[0,0],"bin":[33,34],"count":[7,1],"first":[0,4],
"last":[9,4]}`, and `"bad_at"`, `"bad_count"`, `"bad_first"`, `"bad_last"`, `"open_at"`, `"open_count"` where
there are any; see `core.facts.load.Chunk`. Columns cost a tenth of what one object for each bucket does. The
file's first line is `{"load":1,"until":1764583260.1}`: the version, and the instant up to which load was
observed.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable, Mapping
from typing import Any

from gameday.core.facts.load import BUCKETS_PER_CHUNK, CHUNK, COLUMNS, GROUPS, STEPS, Chunk, LoadHistory
from gameday.core.values import is_instant, storable
from gameday.formats.stored import envelope

VERSION = 1

BELOW = {
    **dict.fromkeys(("at", "bad_at", "open_at"), BUCKETS_PER_CHUNK),
    **dict.fromkeys(("first", "last", "bad_first", "bad_last"), STEPS),
}
"""The columns that hold buckets and steps, with how many of them there are."""


def encode(chunk: Chunk) -> str:
    """Write a chunk as one line of ASCII, without its end."""
    return json.dumps(document(chunk), separators=(",", ":"))


def decode(line: str) -> Chunk:
    """Read a line back. Raises ValueError for anything that is not a chunk."""
    return parse(row(line))


def row(line: str) -> dict[str, Any]:
    """Read a line as JSON. Raises ValueError for anything that is not an object."""
    found = envelope.load(line)
    if not isinstance(found, dict):
        raise ValueError(f"not a line of load samples: {line[:80]}")  # noqa: TRY004  # one error for one fault
    return found


def document(chunk: Chunk) -> dict[str, Any]:
    """Give a chunk as JSON holds it; empty columns are left out."""
    row: dict[str, Any] = {
        "type": storable(chunk.type),
        "name": storable(chunk.name),
        "start": chunk.start,
    }
    for rows, steps in GROUPS:
        columns = {column: list(getattr(chunk, column)) for column in (*rows, *steps)}
        row.update({column: values for column, values in columns.items() if values})
    return row


def parse(row: Mapping[str, Any]) -> Chunk:
    """Read a chunk from its JSON. Raises ValueError with what is wrong."""
    columns = _Columns(row.get("type"), row.get("name"), row.get("start"))
    columns.add(row)
    return columns.chunk()


class _Columns:
    """The columns of one request name and time, from one line or several."""

    def __init__(self, type_: object, name: object, start: object) -> None:
        if not isinstance(type_, str) or not isinstance(name, str):
            raise ValueError("load samples: type and name must be text")  # noqa: TRY004
        # Not isinstance: True is an int, too.
        if type(start) is not int or start % CHUNK or not is_instant(start):
            raise ValueError(f"load samples of {name[:80]}: start {start!r} is not a multiple of {CHUNK:g} s")
        self._type, self._name, self._start = type_, name, start
        self._arrays = {column: array(code) for column, code in COLUMNS.items()}
        self._unknown: set[str] = set()

    def add(self, row: Mapping[str, Any]) -> None:
        """Append the columns of a line. Raises ValueError for what are not as many whole numbers in each."""
        for rows, steps in GROUPS:
            if row.keys().isdisjoint((*rows, *steps)):
                continue
            given = rows if row.keys().isdisjoint(steps) else (*rows, *steps)
            if given is rows:
                self._unknown.update(steps)  # what a part does not know is not known of the whole
            if len({self._extend(column, row.get(column, ())) for column in given}) > 1:
                raise ValueError(
                    f"load samples of {self._name[:80]}: columns {', '.join(given)} differ in length"
                )

    def _extend(self, column: str, values: Iterable[int]) -> int:
        known = self._arrays[column]
        before = len(known)
        try:
            known.extend(values)
        except OverflowError as error:
            raise ValueError(f"load samples: {column} outside its range: {error}") from error
        except TypeError as error:
            raise ValueError(f"load samples: {column} must be a list of whole numbers") from error
        return len(known) - before

    def chunk(self) -> Chunk:
        """Give the chunk. Raises ValueError for a bucket or a step that can't be."""
        for column, values in self._arrays.items():
            if max(values, default=0) >= BELOW.get(column, math.inf):
                raise ValueError(
                    f"load samples of {self._name[:80]}: {column} outside 0..{BELOW[column] - 1}"
                )
        known = {name: column for name, column in self._arrays.items() if name not in self._unknown}
        return Chunk(type=self._type, name=self._name, start=self._start, **known)


def dumps(load: LoadHistory) -> str:
    """Write a drill's samples as load.jsonl, chunks of one name and time added up."""
    from gameday.core.facts.merging import merge  # noqa: PLC0415  # not for the plug-in, which waits for numpy

    head = json.dumps({"load": VERSION, "until": load.until}, separators=(",", ":"))
    # Merged, so that the same samples give the same bytes, in whatever batches they were stored.
    return "\n".join([head, *(encode(chunk) for chunk in merge(load.chunks))]) + "\n"


def loads(text: str) -> LoadHistory:
    """Read load.jsonl. Raises ValueError, with the line, for anything else."""
    first, *lines = text.rstrip("\n").split("\n")
    try:
        head = json.loads(first)
        version, until = head["load"], head["until"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"line 1: not the head of load samples: {first[:80]}") from error
    if version != VERSION:
        raise ValueError(f"line 1: load samples of version {version}; this gameday reads version {VERSION}")
    if not is_instant(until):
        raise ValueError(f"line 1: until {until!r:.80} is not an instant")
    return LoadHistory(chunks=tuple(_numbered(lines)), until=float(until))


def _numbered(lines: list[str]) -> list[Chunk]:
    chunks = []
    for number, line in enumerate(lines, 2):
        try:
            chunks.append(decode(line))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
    return chunks
