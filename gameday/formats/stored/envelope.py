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
from collections.abc import Mapping
from typing import Any

from gameday.core.values import DrillId, EventId, Instant, format_instant, parse_instant, storable

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


def check(event: Document) -> None:
    """Check that a document has what storing it needs.

    Raises TypeError, KeyError, ValueError or AttributeError for one that has not.
    """
    if not all(isinstance(event[name], str) for name in ("id", "drill", "kind", "source", "by")):
        raise TypeError("not a stored event")
    parse_instant(event["recorded_at"])
    event["fact"].items()


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
    entry = json.loads(text)
    return storable(entry) if "\\u" in text else entry


def start(drill: str) -> str:
    """Give the hash that precedes a drill's first line, so that its lines fit no other drill."""
    return hashlib.sha256(drill.encode()).hexdigest()


def chain(previous: str, text: str) -> str:
    """Give the hash of a line, which covers every line before it."""
    return hashlib.sha256((previous + text).encode()).hexdigest()
