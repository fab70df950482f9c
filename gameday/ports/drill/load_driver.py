"""Simulated users on the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from gameday.core.facts.load import Chunk
from gameday.core.plans.scenario import Load
from gameday.core.values import Instant


class LoadDriver(Protocol):
    """Runs simulated users against the target. Chunks of samples go to the callback as they come."""

    async def start(
        self,
        load: Load,
        *,
        base_url: str,
        environment: Mapping[str, str],
        on_chunks: Callable[[Sequence[Chunk], Instant], None],
    ) -> None:
        """Start the users; return at the first sample, or once they exceed a limit: see `exceeded`.

        Raises NotReady with a hint where to look.
        """
        ...

    async def set_users(self, users: int) -> None:
        """Change the number of users at once."""
        ...

    def exceeded(self) -> str:
        """Give which limit of the environment's policy the load exceeds, with figures; empty while none."""
        ...

    def lost(self) -> str:
        """Give the reason why no more samples can come; empty while the load runs."""
        ...

    async def stop(self) -> None:
        """Stop the users and wait for the last samples."""
        ...
