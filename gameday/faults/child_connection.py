"""The child's end of the line to whoever started it: facts and notes out, commands in.

Comes in: the process's own stdin and stdout, which it takes for itself. Goes out: whole lines.
Does not: raise when the other end is gone; a child whose parent died still has to roll back. Let a
known secret pass: whatever is said is redacted here.

Actions print what they like and start processes: stdout becomes stderr, stdin becomes empty, and
neither end of the line is inherited.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.values import Instant, Seconds
from gameday.faults import child_protocol
from gameday.system import known_secrets


class ChildConnection:
    """The two pipes of a child; made once, before anything can print."""

    def __init__(self) -> None:
        self.out = os.dup(1)
        self._in = os.fdopen(os.dup(0), "rb")
        self._lock = threading.Lock()
        os.dup2(2, 1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)

    def tell(self, fact: ev.Fact, at: Instant, limit: Seconds | None = None) -> None:
        """Say a fact that occurred `at`; the activity that it starts may take `limit` seconds."""
        self._write(child_protocol.encode_fact(known_secrets.known().value(fact), at, limit))

    def say(self, word: str, **data: Any) -> None:
        """Say a note."""
        self._write(child_protocol.encode("is", word, known_secrets.known().tree(data)))

    def commands(self) -> Iterator[dict[str, Any]]:
        """Give commands as they come; ends when the other end is closed."""
        for line in self._in:
            yield child_protocol.decode_command(line)

    def _write(self, line: bytes) -> None:
        with self._lock:
            rest = line
            while rest:
                try:
                    rest = rest[os.write(self.out, rest) :]
                except OSError:  # the parent is gone: nobody is left to be told
                    return
