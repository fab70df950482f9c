"""Receiving alerts during a drill."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from gameday.core.facts import drill as ev
from gameday.core.values import Instant


class Signals(Protocol):
    """A receiver of alerts that runs during the drill."""

    async def start(self, receive: Callable[[Sequence[ev.Event]], None]) -> Mapping[str, str]:
        """Listen; give the URL to send to, by system."""
        ...

    @property
    def heartbeats(self) -> Mapping[str, Instant]:
        """Tell, by system that has one, when its heartbeat was last heard."""
        ...

    async def stop(self) -> None:
        """Stop listening."""
        ...
