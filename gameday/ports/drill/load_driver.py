"""Simulated users on the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from gameday.core.facts.load import Chunk
from gameday.core.plans.scenario import Load
from gameday.core.values import Instant


class LoadDriver(Protocol):
    """Users on the target. Chunks go to the callback as they come."""

    async def start(
        self,
        load: Load,
        *,
        base_url: str,
        environment: Mapping[str, str],
        on_chunks: Callable[[Sequence[Chunk], Instant], None],
    ) -> None:
        """Start the users and return at the first sample. Raises NotReady with what to look at."""
        ...

    async def set_users(self, users: int) -> None:
        """Change the number of users at once."""
        ...

    def lost(self) -> str:
        """Say why no more samples can come; empty while the load is well."""
        ...

    async def stop(self) -> None:
        """End the users and wait for the last samples."""
        ...
