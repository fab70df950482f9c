"""Notifies people in their channels: from a command, which waits, and from the daemon, which does not.

A message goes to those channels that are integrations of gameday.toml. Other names, such as
"#incident-drill", are for people: the output asks them to pass the message on. A chat that is down fails no
command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from gameday import ports, wiring
from gameday.announce import messages
from gameday.announce.retrying import RetryingAnnouncer
from gameday.cli.shared import output
from gameday.conduct.scheduler import admission
from gameday.core.errors import NotReady, UsageError
from gameday.core.values import Seconds
from gameday.ports import Message
from gameday.settings import Workspace
from gameday.system.clock import SystemClock

RETRY_AFTER: tuple[Seconds, ...] = (1.0,)
"""A person waits at the terminal: one retry, and then the output names who must still be notified."""


def main(channel: str, text: Sequence[str]) -> int:
    """Send a message to one channel. Gives 0, or 5 where it could not be sent."""
    space = wiring.workspace()
    must_be_channels((channel,), space)
    message = " ".join(text).strip()
    if not message:
        raise UsageError("the message is empty", hint=f'gameday announce {channel} "We drill at ten."')
    return 0 if send(space, (channel,), Message(title="gameday", text=message)) else NotReady.exit_code


def must_be_channels(channels: Iterable[str], space: Workspace) -> None:
    """Refuse a channel that is not an integration. Raises UsageError, with the nearest one."""
    admission.must_be_channels(channels, wiring.announcer(space).channels)


def send(space: Workspace, channels: Iterable[str], message: Message) -> tuple[str, ...]:
    """Send a message to channels, and print which got it and who must still be notified. Gives the former."""
    announcer = wiring.announcer(space)
    named = tuple(dict.fromkeys(channels))
    integrations = [name for name in named if name in announcer.channels]
    voice = RetryingAnnouncer(
        announcer=announcer, clock=SystemClock(), report=output.warn, pauses=RETRY_AFTER
    )
    notified = asyncio.run(voice.announce(integrations, message)) if integrations else ()
    rest = ", ".join(name for name in named if name not in notified) or ("" if notified else "participants")
    if notified:
        output.talk(f"notified {', '.join(notified)}: {_line(message)}")
    if rest:
        output.talk(f"please notify {rest}: {_line(message)}")
    return notified


def _line(message: Message) -> str:
    return " ".join(message.text.split("\n"))


class DaemonNotices:
    """`ports.Notices` of the daemon: printed, and sent to channels in the background."""

    def __init__(self, announcer: ports.Announcer) -> None:
        self._announcer = announcer
        self._voice = RetryingAnnouncer(announcer=announcer, clock=SystemClock(), report=output.talk)
        self._sending: dict[asyncio.Task[Sequence[str]], str] = {}

    def send(self, notice: ports.Notice) -> None:
        """Print who is notified of which window, and begin to send it."""
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
        # asyncio keeps only weak references to tasks: the dictionary keeps this one alive until it is done.
        task.add_done_callback(lambda done: self._sending.pop(done, None))

    async def close(self) -> None:
        """Give up what has not been sent yet, and print it."""
        for task, line in tuple(self._sending.items()):
            task.cancel()
            output.talk(f"could not be sent to everybody: {line}")
        await asyncio.gather(*self._sending, return_exceptions=True)
