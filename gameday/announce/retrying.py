"""Sends a message to channels, again while it fails.

Whoever announces is neither delayed nor failed by it: a chat that is down stops no drill.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gameday import ports
from gameday.core.errors import NotReady
from gameday.core.values import Seconds
from gameday.ports import Message

PAUSES: tuple[Seconds, ...] = (2.0, 10.0, 60.0, 300.0)
"""Seconds between the tries of a channel that does not take the message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryingAnnouncer:
    """Sends to channels. report: receives what failed for good; pauses: between the tries."""

    announcer: ports.Announcer
    clock: ports.Clock
    report: Callable[[str], None]
    pauses: Sequence[Seconds] = PAUSES

    async def announce(self, channels: Iterable[str], message: Message) -> tuple[str, ...]:
        """Send to each channel once; give those that took the message."""
        names = tuple(dict.fromkeys(channels))
        sent = await asyncio.gather(*(self._send(name, message) for name in names))
        return tuple(name for name, done in zip(names, sent, strict=True) if done)

    async def _send(self, channel: str, message: Message) -> bool:
        why = ""
        for pause in (0.0, *self.pauses):
            await self.clock.sleep(pause)
            try:
                # Apprise blocks for as long as a chat does not answer; the drill must go on meanwhile.
                await asyncio.to_thread(self.announcer.send, channel, message)
            except NotReady as error:
                why = error.message
            else:
                return True
        self.report(f"{why}; not sent: {message.title}")
        return False
