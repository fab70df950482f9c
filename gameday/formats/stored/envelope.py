"""The stored form of one event: a JSON object on one line, and the chain of hashes over the lines.

This module knows no kind of fact and imports nothing that defines one: a responder's command passes here, and
every import costs the team milliseconds. `formats.stored.events` turns documents into events.

A line is its document preceded by its sequence number, in ASCII, keys in the order in which they are written
here. The hash of a line is sha256(hash of the previous line + line), beginning with `start(drill)`, over the
bytes as they are stored: nothing is ever rewritten, so no canonical form is needed.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from gameday.core.values import (
    DrillId,
    EventId,
    Instant,
    format_instant,
    is_drill_id,
    parse_instant,
    storable,
)

VERSION = 1
"""The first version of every kind of fact; `formats.stored.events.VERSIONS` has the later ones."""

Document = dict[str, Any]
"""A stored event as JSON holds it, without its sequence number."""


def document(
    *,
    id: EventId,  # noqa: A002  # the stored key's name
    drill: DrillId,
    kind: str,
    fact: Mapping[str, Any],
    recorded_at: Instant,
    source: str,
    occurred_at: Instant | None = None,
    by: str = "",
    trusted: bool = True,
    clock: Mapping[str, Any] | None = None,
    v: int = VERSION,
) -> Document:
    """Put the parts of an event into their stored order; instants become RFC 3339 with microseconds.

    Everything that is stored passes here, so this is where texts that UTF-8 can't hold are replaced.
    """
    parts = {
        "id": id,
        "drill": drill,
        "kind": kind,
        "v": v,
        "occurred_at": None if occurred_at is None else format_instant(occurred_at, digits=6),
        "recorded_at": format_instant(recorded_at, digits=6),
        "source": source,
        "by": by,
        "trusted": trusted,
        **({"clock": clock} if clock else {}),
        "fact": fact,
    }
    return {name: storable(part) for name, part in parts.items()}


_TEXTS = ("id", "kind", "source", "by")
_KEYS = frozenset(
    ("drill", "v", "occurred_at", "recorded_at", "trusted", "clock", "fact", "signature", *_TEXTS)
)
LONGEST_NAME = 500
"""Characters of an event's id and kind, which databases keep in an index."""
DEEPEST = 100
"""Levels of lists and objects. What gameday writes itself has some 40 (`formats.text.plain_json`)."""


def check(event: Any) -> None:
    """Check that a document from outside is one that can be stored, read back and written again.

    Whether its fact is one of its kind is for `formats.stored.events.decode`. Raises ValueError, TypeError or
    KeyError, with what is wrong.
    """
    if not isinstance(event, dict) or not event.keys() <= _KEYS:
        raise TypeError("not a stored event")
    if not is_drill_id(event["drill"]):
        raise ValueError("its drill is not a valid id")
    if not all(isinstance(event[name], str) for name in _TEXTS):
        raise TypeError("one of its names is not a text")
    for name in ("id", "kind"):
        if len(event[name]) > LONGEST_NAME or "\0" in event[name]:
            raise ValueError(f"its {name} is not one that can be stored")
    if type(event["v"]) is not int or type(event["trusted"]) is not bool:
        raise TypeError("its version or its trust is of another type")
    if not isinstance(event["fact"], dict):
        raise TypeError("its fact is not an object")
    parse_instant(event["recorded_at"])
    check_value(event)


def check_value(value: Any, depth: int = 0) -> None:
    """Check that JSON and UTF-8 hold a value as it is. Raises ValueError for one with another part."""
    match value:
        case float() if not math.isfinite(value):
            raise ValueError("it holds a number that is not finite")
        case str() if value != storable(value):
            raise ValueError("it holds half a character")
        case dict() | list() if depth >= DEEPEST:
            raise ValueError("it is nested too deeply")
        case dict():
            for name, part in value.items():
                check_value(name, depth + 1)
                check_value(part, depth + 1)
        case list():
            for part in value:
                check_value(part, depth + 1)
        case _:
            pass


def line(event: Document, seq: int) -> str:
    """Write a document with its sequence number as one ASCII line. Raises ValueError for NaN and infinity."""
    return json.dumps({"seq": seq, **event}, separators=(",", ":"), allow_nan=False)


def parse(text: str) -> tuple[int, Document]:
    """Read a line back as its sequence number and its document. Raises ValueError for anything else."""
    entry = load(text)
    if not isinstance(entry, dict) or not isinstance(entry.get("seq"), int):
        raise ValueError(f"not a line of a history: {text[:80]}")  # noqa: TRY004  # one error for callers
    return entry.pop("seq"), entry


def load(text: str) -> Any:
    """Read JSON that was stored. Earlier versions stored texts that UTF-8 can't hold: they are replaced."""
    entry = _DECODER.decode(text)
    return storable(entry) if "\\u" in text else entry


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def start(drill: str) -> str:
    """Give the hash that precedes a drill's first line, so that its lines fit no other drill."""
    return hashlib.sha256(drill.encode()).hexdigest()


def chain(previous: str, text: str) -> str:
    """Give the hash of a line, which covers every line before it."""
    return hashlib.sha256((previous + text).encode()).hexdigest()
