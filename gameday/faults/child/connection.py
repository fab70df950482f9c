"""The child's connection to its parent: facts and notes out, commands in, redacted.

It takes stdin and stdout for itself: actions print what they like and start processes, so stdout becomes
stderr, stdin becomes empty, and neither pipe is inherited. Sending never raises when the parent is gone: the
child still has to roll back.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.values import FaultId, Instant, Seconds
from gameday.faults import child_protocol
from gameday.system import clock, known_secrets
from gameday.system.descent.tree import Descendant


class ChildConnection:
    """The two pipes of a child; made once, before anything can print."""

    def __init__(self) -> None:
        # os.dup gives descriptors that are not inherited: a forked grandchild that held a pipe open would
        # hide the end of file by which the parent and the child notice each other's death.
        self.out = os.dup(1)
        self._in = os.fdopen(os.dup(0), "rb")
        self._lock = threading.Lock()
        os.dup2(2, 1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)

    def report(self, fact: ev.Fact, at: Instant, limit: Seconds | None = None) -> None:
        """Report a fact that occurred `at`; the activity that it starts may take `limit` seconds."""
        self._write(child_protocol.encode_fact(known_secrets.redactor().value(fact), at, limit))

    def report_ended(self, fault: FaultId, ended: Iterable[Descendant]) -> None:
        """Report the processes of a method that were ended before the first rollback."""
        for one in ended:
            fact = ev.MethodProcessEnded(
                fault=fault, pid=one.who.pid, command=one.command, activity=one.activity
            )
            self.report(fact, clock.now())

    def send(self, word: str, **data: Any) -> None:
        """Send a note."""
        self._write(child_protocol.encode("is", word, known_secrets.redactor().tree(data)))

    def commands(self) -> Iterator[dict[str, Any]]:
        """Give commands as they come; ends when the other end is closed."""
        for line in self._in:
            yield child_protocol.decode_command(line)

    def _write(self, line: bytes) -> None:
        with self._lock:  # background activities report from threads of their own
            # Unbuffered, because the process ends by os._exit, exec or SIGKILL, and none of them flushes.
            rest = line
            while rest:
                try:
                    rest = rest[os.write(self.out, rest) :]
                except OSError:  # the parent is gone; the rollbacks go on without it
                    return
