"""Notifying participants of a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gameday.core.values import Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """What participants learn beforehand: the window, never what happens in it.

    zone         the schedule's time zone, in which the window is shown
    channels     integrations that the notice is sent to
    title, text  the plan's own, where it is announced in full
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
    """Notifies participants."""

    def send(self, notice: Notice) -> None:
        """Notify them of a window. Never raises."""
        ...
