"""Encode and decode what travels between a Chaos Toolkit process and its parent: JSON, one object a line.

From the child: {"is": "fact", "kind": …, "at": …, "body": {…}, "limit": …} and {"is": WORD, …}.
To the child: {"do": WORD, …}.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from gameday.core.facts import drill as ev
from gameday.core.values import Instant, Seconds, instant


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedFact:
    """A fact from the child, with its instant. `limit`: the seconds that the started activity may take."""

    fact: ev.Fact
    at: Instant
    limit: Seconds | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Anything else from the child: up | ready | holding | rolling | settled | ended | crashed | answer."""

    word: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def text(self, key: str) -> str:
        """Give a text of the note; empty where it has none."""
        return str(self.data.get(key) or "")


Message = ReportedFact | Note


def encode_fact(fact: ev.Fact, at: Instant, limit: Seconds | None = None) -> bytes:
    """Write a fact as one line."""
    body = dataclasses.asdict(fact)
    return _line({"is": "fact", "kind": type(fact).__name__, "at": at, "body": body, "limit": limit})


def encode(key: str, word: str, data: Mapping[str, Any]) -> bytes:
    """Write a command (key `do`) or a note (key `is`) as one line."""
    return _line({key: word, **data})


def decode(line: bytes) -> Message:
    """Read one line from the child. Raises ValueError, KeyError or TypeError for anything else."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("not an object")  # noqa: TRY004  # as for any other line that is not a message
    word = message.pop("is")
    if word != "fact":
        return Note(word=word, data=message)
    kind = ev.KINDS[message["kind"]]
    body = {key: tuple(value) if isinstance(value, list) else value for key, value in message["body"].items()}
    return ReportedFact(fact=cast("ev.Fact", kind(**body)), at=instant(message["at"]), limit=message["limit"])


def decode_command(line: bytes) -> dict[str, Any]:
    """Read one command. Raises ValueError or KeyError for anything else."""
    command = json.loads(line)
    if not isinstance(command.get("do"), str):
        raise KeyError("do")
    return cast("dict[str, Any]", command)


def _line(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":"), default=str).encode() + b"\n"
