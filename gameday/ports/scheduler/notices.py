"""Notifying participants of a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gameday.core.values import Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """What participants are told beforehand: the window, never what happens in it.

    zone         the schedule's, in which they read the window; channels: integrations that tell them
    title, text  what a plan that announces itself in full says of itself
    """

    schedule: str
    environment: str
    start: Instant
    end: Instant
    zone: str = "UTC"
    participants: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    title: str = ""
    text: str = ""


class Notices(Protocol):
    """Tells participants."""

    def send(self, notice: Notice) -> None:
        """Tell them of a window. Never raises."""
        ...
