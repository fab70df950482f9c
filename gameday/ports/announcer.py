"""Sending messages to people in their channels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What a channel is told."""

    title: str
    text: str


class Announcer(Protocol):
    """Tells people in their channels: chats, mail, what a workspace has set up."""

    @property
    def channels(self) -> Collection[str]:
        """Name the channels that can be told."""
        ...

    def send(self, channel: str, message: Message) -> None:
        """Tell one channel, within seconds; blocks. Raises NotReady with why it could not be told."""
        ...
