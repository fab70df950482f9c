"""Channels that keep messages for the test instead of sending them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from gameday.core.errors import NotReady
from gameday.ports import Message


@dataclass(kw_only=True, slots=True)
class FakeAnnouncer:
    """`ports.Announcer` that keeps what was sent in `sent`. fails: by channel, how many tries fail first."""

    channels: Collection[str] = ("chat", "mail")
    fails: dict[str, int] = field(default_factory=dict)
    sent: list[tuple[str, Message]] = field(default_factory=list)

    @property
    def told(self) -> list[tuple[str, Message]]:
        """Give `sent` by its former name."""
        return self.sent

    def send(self, channel: str, message: Message) -> None:
        """Keep a message, or raise NotReady."""
        if channel not in self.channels:
            raise NotReady(f"no channel {channel}")
        left = self.fails.get(channel, 0)
        if left > 0:
            self.fails[channel] = left - 1
            raise NotReady(f"{channel} is down")
        self.sent.append((channel, message))
