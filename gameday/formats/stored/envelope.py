"""The stored form of one event: a JSON object on one line, and the chain of hashes over the lines.

Comes in: the parts of an event, as JSON holds them. Goes out: documents, lines and hashes.
Does not: know any kind of fact, or import what defines them: a responder's command passes here, and
every import costs the team milliseconds. `formats.stored.events` turns documents into events.

A line is its document with its place before it, ASCII only, keys in the order in which they are
written here. The hash of a line is sha256(hash of the line before it + line), from `start(drill)`,
over the bytes as they are stored: nothing is ever written anew, so that reading needs no canonical form.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from gameday.core.values import DrillId, EventId, Instant, format_instant

VERSION = 1
"""The version with which a kind of fact begins; `formats.stored.events.VERSIONS` names the later ones."""

Document = dict[str, Any]
"""A stored event as JSON holds it, without its place."""


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
    v: int = VERSION,
) -> Document:
    """Put the parts of an event into their stored order; instants become RFC 3339 with microseconds."""
    return {
        "id": id,
        "drill": drill,
        "kind": kind,
        "v": v,
        "occurred_at": None if occurred_at is None else format_instant(occurred_at, digits=6),
        "recorded_at": format_instant(recorded_at, digits=6),
        "source": source,
        "by": by,
        "trusted": trusted,
        "fact": fact,
    }


def line(event: Document, seq: int) -> str:
    """Write a document at its place as one line of ASCII. Raises ValueError for NaN and infinity."""
    return json.dumps({"seq": seq, **event}, separators=(",", ":"), allow_nan=False)


def parse(text: str) -> tuple[int, Document]:
    """Read a line back as its place and its document. Raises ValueError for anything else."""
    found = json.loads(text)
    if not isinstance(found, dict) or not isinstance(found.get("seq"), int):
        raise ValueError(f"not a line of a history: {text[:80]}")  # noqa: TRY004  # one error for callers
    return found.pop("seq"), found


def start(drill: str) -> str:
    """Give the hash that stands before a drill's first line, so that no line fits another drill."""
    return hashlib.sha256(drill.encode()).hexdigest()


def chain(previous: str, text: str) -> str:
    """Give the hash of a line, which holds every line before it."""
    return hashlib.sha256((previous + text).encode()).hexdigest()
