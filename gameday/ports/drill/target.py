"""The environment that a drill breaks."""

from __future__ import annotations

from typing import Protocol

from gameday.ports.drill.runner import CommandOutcome


class Target(Protocol):
    """The environment that a drill breaks."""

    async def reachable(self) -> str:
        """Give the reason why the target can't be reached; empty when it can."""
        ...

    async def up(self) -> CommandOutcome | None:
        """Bring the target up with its own command; None if it has no such command."""
        ...

    def hooks(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the commands (up, down); an empty one is not set."""
        ...
