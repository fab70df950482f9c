"""Sending messages to people in their channels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What is sent to a channel."""

    title: str
    text: str


class Announcer(Protocol):
    """Sends messages to the channels that a workspace has set up: chats, mail."""

    @property
    def channels(self) -> Collection[str]:
        """Name the channels."""
        ...

    def send(self, channel: str, message: Message) -> None:
        """Send to one channel; blocks for seconds at most. Raises NotReady with the reason when it fails."""
        ...
