"""Structured logs, one JSON object a line. They are not rotated: `up` begins with empty logs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TextIO

from gameday.core.values import format_instant
from gameday.system import clock

LINE_LENGTH = 1000
"""Bytes that a line is expected to have at most: so much is read from the end, for each line wanted."""


class Journal:
    """The log of one process of the shop."""

    def __init__(self, path: Path, **context: str) -> None:
        # Flushed line by line: a replica that is killed must leave what it has logged.
        self._file: TextIO = path.open("a", encoding="utf-8", buffering=1)
        self._context = context

    def write(self, event: str, **fields: object) -> None:
        """Write one line: the instant, what happened, and its fields."""
        line = {"at": format_instant(clock.now(), digits=6), "event": event, **self._context, **fields}
        self._file.write(json.dumps(line, default=str) + "\n")


def tail(folder: Path, count: int) -> list[str]:
    """Give the last `count` lines of all logs of a folder, in order of time."""
    lines: list[str] = []
    for path in folder.glob("*.jsonl"):
        lines += _last(path, count)
    return sorted(lines, key=_at)[-count:]


def _last(path: Path, count: int) -> list[str]:
    """Read the last lines of a log that may be long."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        begin = file.seek(max(0, size - count * LINE_LENGTH))
        lines = file.read().decode(errors="replace").splitlines()
    return (lines[1:] if begin else lines)[-count:]  # the first may be cut off


def _at(line: str) -> str:
    try:
        return str(json.loads(line).get("at", ""))
    except (ValueError, AttributeError):  # a line that its writer did not finish
        return ""
