"""Telling people in their channels, again while it fails.

Comes in: a message, channels. Goes out: the message, sent to each once; or word of those that were not told.
Does not: hold up whoever announces, or fail them: a chat that is down stops no drill.
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
"""Seconds between the tries of a channel that can't be told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryingAnnouncer:
    """Tells channels. say: hears what failed for good; pauses: between the tries."""

    announcer: ports.Announcer
    clock: ports.Clock
    say: Callable[[str], None]
    pauses: Sequence[Seconds] = PAUSES

    async def announce(self, channels: Iterable[str], message: Message) -> tuple[str, ...]:
        """Tell each channel once; give those that were told."""
        wanted = tuple(dict.fromkeys(channels))
        told = await asyncio.gather(*(self._tell(each, message) for each in wanted))
        return tuple(each for each, done in zip(wanted, told, strict=True) if done)

    async def _tell(self, channel: str, message: Message) -> bool:
        why = ""
        for pause in (0.0, *self.pauses):
            await self.clock.sleep(pause)
            try:
                await asyncio.to_thread(self.announcer.send, channel, message)
            except NotReady as failed:
                why = failed.message
            else:
                return True
        self.say(f"{why}; it was not told: {message.title}")
        return False
