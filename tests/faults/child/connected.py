"""A real connection of a child process, made in this one, with both of its pipes at hand."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from gameday.faults import child_protocol
from gameday.faults.child.connection import ChildConnection


class OtherEnd:
    """What a parent holds: it sends commands, and receives what was sent since it last looked."""

    def __init__(self, commands: int, messages: int) -> None:
        self._commands = os.fdopen(commands, "wb", buffering=0)
        self._messages = os.fdopen(messages, "rb", buffering=0)
        os.set_blocking(messages, False)

    def send(self, line: bytes) -> None:
        self._commands.write(line)

    def hang_up(self) -> None:
        """Send no more commands."""
        self._commands.close()

    def stop_reading(self) -> None:
        """Die, as the child sees it."""
        self._messages.close()

    def received(self) -> list[child_protocol.Message]:
        sent = self._messages.read(1 << 16) or b""
        return [child_protocol.decode(line) for line in sent.splitlines()]


@contextmanager
def connected() -> Iterator[tuple[ChildConnection, OtherEnd]]:
    """Make a connection; this process's own stdin and stdout are given back at once."""
    ours = os.dup(0), os.dup(1)
    commands, messages = os.pipe(), os.pipe()
    os.dup2(commands[0], 0)
    os.dup2(messages[1], 1)
    try:
        connection = ChildConnection()
    finally:
        for number, descriptor in enumerate(ours):
            os.dup2(descriptor, number)
    for descriptor in (*ours, commands[0], messages[1]):
        os.close(descriptor)
    other_end = OtherEnd(commands[1], messages[0])
    yield connection, other_end
    other_end.hang_up()
    other_end.stop_reading()
    os.close(connection.out)
