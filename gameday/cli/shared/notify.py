"""Telling people in their channels: from a command, which waits, and from the daemon, which does not.

Comes in: messages, channels by name. Goes out: a line for whoever reads the output; the message, sent to
those channels that are integrations of gameday.toml. Other names are for people: "#incident-drill".
Does not: fail a command for a chat that is down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from gameday import ports, wiring
from gameday.announce import messages
from gameday.announce.retrying import RetryingAnnouncer
from gameday.cli.shared import output
from gameday.core.errors import NotReady, UsageError
from gameday.core.values import Seconds
from gameday.formats.text import document
from gameday.ports import Message
from gameday.settings import Workspace
from gameday.system.clock import SystemClock

ONCE_MORE: tuple[Seconds, ...] = (1.0,)
"""A person waits: a channel is tried twice, and then it is theirs to be told."""
SET_UP = '[integrations.chat] kind = "apprise", secret = "env:CHAT_URL" in gameday.toml'


def main(channel: str, text: Sequence[str]) -> int:
    """Tell one channel what people have to know, or whether it can be told at all; 5 where it can't."""
    space = wiring.workspace()
    must_be_channels((channel,), space)
    words = " ".join(text).strip()
    if not words:
        raise UsageError("there is nothing to tell", hint=f'gameday announce {channel} "We drill at ten."')
    return 0 if send(space, (channel,), Message(title="gameday", text=words)) else NotReady.exit_code


def must_be_channels(channels: Iterable[str], space: Workspace) -> None:
    """Refuse a channel that nothing could be sent to. Raises UsageError with the nearest."""
    known = list(wiring.announcer(space).channels)
    for name in channels:
        if name not in known:
            near = document.nearest(name, known)
            there = f"there are: {', '.join(known)}" if known else SET_UP
            raise UsageError(
                f"there is no channel '{name}'", hint=f"did you mean '{near}'?" if near else there
            )


def send(space: Workspace, channels: Iterable[str], message: Message) -> tuple[str, ...]:
    """Tell channels; say, and give, which were told; the others are for people to tell."""
    announcer = wiring.announcer(space)
    named = tuple(dict.fromkeys(channels))
    ours = [name for name in named if name in announcer.channels]
    voice = RetryingAnnouncer(announcer=announcer, clock=SystemClock(), report=output.warn, pauses=ONCE_MORE)
    told = asyncio.run(voice.announce(ours, message)) if ours else ()
    theirs = ", ".join(name for name in named if name not in told) or ("" if told else "participants")
    if told:
        output.talk(f"told {', '.join(told)}: {_line(message)}")
    if theirs:
        output.talk(f"to notify {theirs}: {_line(message)}")
    return told


def _line(message: Message) -> str:
    return " ".join(message.text.split("\n"))


class DaemonNotices:
    """`ports.Notices` of the daemon: in its output, and in channels, beside everything else."""

    def __init__(self, announcer: ports.Announcer) -> None:
        self._announcer = announcer
        self._voice = RetryingAnnouncer(announcer=announcer, clock=SystemClock(), report=output.talk)
        self._sending: dict[asyncio.Task[Sequence[str]], str] = {}

    def send(self, notice: ports.Notice) -> None:
        """Print who is told of which window, and begin to send it."""
        people = ", ".join((*notice.participants, *notice.channels)) or "participants"
        message = messages.beforehand(
            notice.environment, notice.start, notice.end, notice.zone, title=notice.title, text=notice.text
        )
        output.talk(f"notice to {people}: {_line(message)}")
        known = [name for name in notice.channels if name in self._announcer.channels]
        if not known:
            return
        task = asyncio.get_running_loop().create_task(self._voice.announce(known, message))
        self._sending[task] = _line(message)
        task.add_done_callback(lambda done: self._sending.pop(done, None))

    async def close(self) -> None:
        """Give up what can't be sent, and say so."""
        for task, line in tuple(self._sending.items()):
            task.cancel()
            output.talk(f"could not be sent to everybody: {line}")
        await asyncio.gather(*self._sending, return_exceptions=True)
