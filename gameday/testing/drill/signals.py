"""A receiver of alerts without a socket: it passes on what the test sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gameday.core.facts import drill as ev
from gameday.core.values import Instant


@dataclass(kw_only=True, slots=True)
class FakeSignals:
    """`ports.Signals`. receive: what the test calls with events; None while nobody listens."""

    receive: Callable[[Sequence[ev.Event]], None] | None = None
    heartbeats: dict[str, Instant] = field(default_factory=dict)

    @property
    def sources(self) -> Sequence[str]:
        """Name the one source that there is."""
        return ("test",)

    async def start(self, receive: Callable[[Sequence[ev.Event]], None]) -> Mapping[str, str]:
        """Begin to listen."""
        self.receive = receive
        return {"test": "http://127.0.0.1/"}

    async def stop(self) -> None:
        """Stop listening."""
        self.receive = None
