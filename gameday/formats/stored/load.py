"""Load samples as text: load.jsonl, one line for each request name and 10 s, in columns; lines add up.

The standard library is enough, because the plug-in in Locust's process writes with this module.

A line: `{"type":"GET","name":"/","start":1764583200,"at":[0,0],"bin":[33,34],"count":[7,1]}`, and `"bad_at"`,
`"bad_count"`, `"open_at"`, `"open_count"` where there are any; see `core.facts.load.Chunk`. Columns cost a
tenth of what one object for each bucket does: an hour of 1,000,000 requests is read in about 0.6 s. The
file's first line is `{"load":1,"until":1764583260.1}`: the version, and the instant up to which load was
observed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from gameday.core.facts.load import BUCKETS_PER_CHUNK, CHUNK, Chunk, LoadHistory, merge

VERSION = 1

_GROUPS = (("at", "bin", "count"), ("bad_at", "bad_count"), ("open_at", "open_count"))
"""Columns of equal length."""


def encode(chunk: Chunk) -> str:
    """Write a chunk as one line of ASCII, without its end."""
    return json.dumps(document(chunk), separators=(",", ":"))


def decode(line: str) -> Chunk:
    """Read a line back. Raises ValueError for anything that is not a chunk."""
    return parse(_object(line))


def decode_all(lines: Iterable[str]) -> tuple[Chunk, ...]:
    """Read many lines back, joining those of one request name and time: they add up anyway.

    A drill stores a line for each second and name; joined, only a tenth of the chunks must be checked
    and judged. Raises ValueError for anything that is not a chunk.
    """
    joined: dict[tuple[Any, Any, Any], dict[str, Any]] = {}
    for line in lines:
        row = _object(line)
        try:
            known = joined.setdefault((row.get("type"), row.get("name"), row.get("start")), row)
            if known is not row:
                _join(known, row)
        except TypeError as error:
            raise ValueError(f"not a line of load samples: {line[:80]}") from error
    return tuple(map(parse, joined.values()))


def _object(line: str) -> dict[str, Any]:
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError(f"not a line of load samples: {line[:80]}")  # noqa: TRY004  # one error for one fault
    return row


def _join(known: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Append the columns of a line to those of another; `parse` checks them together."""
    for group in _GROUPS:
        columns = [more[column] for column in group if column in more]
        if columns and (
            len(columns) != len(group) or len({len(column_values) for column_values in columns}) > 1
        ):
            raise ValueError(f"load samples: columns {', '.join(group)} differ in length")
        for column, values in zip(group, columns, strict=False):
            known.setdefault(column, []).extend(values)


def document(chunk: Chunk) -> dict[str, Any]:
    """Give a chunk as JSON holds it; empty columns are left out."""
    row: dict[str, Any] = {"type": chunk.type, "name": chunk.name, "start": chunk.start}
    for group in _GROUPS:
        if getattr(chunk, group[0]):
            row.update({column: list(getattr(chunk, column)) for column in group})
    return row


def parse(row: Mapping[str, Any]) -> Chunk:
    """Read a chunk from its JSON. Raises ValueError with what is wrong."""
    type_, name, start = row.get("type"), row.get("name"), row.get("start")
    if not isinstance(type_, str) or not isinstance(name, str):
        raise ValueError("load samples: type and name must be text")  # noqa: TRY004
    # Not isinstance: True is an int, too.
    if type(start) is not int or start % CHUNK:
        raise ValueError(f"load samples of {name[:80]}: start {start!r} is not a multiple of {CHUNK:g} s")
    columns: dict[str, tuple[int, ...]] = {}
    for group in _GROUPS:
        read = {column: _column(row, column) for column in group}
        if len({len(values) for values in read.values()}) > 1:
            raise ValueError(f"load samples of {name[:80]}: columns {', '.join(group)} differ in length")
        if any(
            not 0 <= at < BUCKETS_PER_CHUNK
            for at in (min(read[group[0]], default=0), max(read[group[0]], default=0))
        ):
            raise ValueError(f"load samples of {name[:80]}: {group[0]} outside 0..{BUCKETS_PER_CHUNK - 1}")
        columns.update(read)
    return Chunk(type=type_, name=name, start=start, **columns)


def _column(row: Mapping[str, Any], column: str) -> tuple[int, ...]:
    values = row.get(column, ())
    if not isinstance(values, list | tuple) or not {type(value) for value in values} <= {int}:
        raise ValueError(f"load samples: {column} must be a list of whole numbers")
    return tuple(values)


def dumps(load: LoadHistory) -> str:
    """Write a drill's samples as load.jsonl, chunks of one name and time added up."""
    head = json.dumps({"load": VERSION, "until": load.until}, separators=(",", ":"))
    # Merged, so that the same samples give the same bytes, in whatever batches they were stored.
    return "\n".join([head, *(encode(chunk) for chunk in merge(load.chunks))]) + "\n"


def loads(text: str) -> LoadHistory:
    """Read load.jsonl. Raises ValueError, with the line, for anything else."""
    first, *lines = text.rstrip("\n").split("\n")
    try:
        head = json.loads(first)
        version, until = head["load"], float(head["until"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"line 1: not the head of load samples: {first[:80]}") from error
    if version != VERSION:
        raise ValueError(f"line 1: load samples of version {version}; this gameday reads version {VERSION}")
    return LoadHistory(chunks=tuple(_numbered(lines)), until=until)


def _numbered(lines: list[str]) -> list[Chunk]:
    chunks = []
    for number, line in enumerate(lines, 2):
        try:
            chunks.append(decode(line))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
    return chunks
