"""Receiving alerts during a drill."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from gameday.core.facts import drill as ev
from gameday.core.values import Instant


class Signals(Protocol):
    """A receiver of alerts that runs during the drill."""

    async def start(self, receive: Callable[[Sequence[ev.Event]], None]) -> Mapping[str, str]:
        """Start listening; give the URL to send to, by system."""
        ...

    @property
    def heartbeats(self) -> Mapping[str, Instant]:
        """Give, by system, when its last heartbeat was received; systems without one are left out."""
        ...

    @property
    def sources(self) -> Sequence[str]:
        """Describe where alerts come from, for people: addresses and URLs, without anything secret."""
        ...

    async def stop(self) -> None:
        """Stop listening."""
        ...
