"""A drill that runs in a process of its own."""

from __future__ import annotations

from typing import Protocol


class StartedDrill(Protocol):
    """A drill that runs in a process of its own."""

    def ended(self) -> int | None:
        """Give its exit code; None while it runs."""
        ...

    def drill(self) -> str:
        """Give the drill's id; empty until it is known."""
        ...

    def stop(self) -> None:
        """Ask it to abort: to revert the fault and end."""
        ...
