"""A target that is reachable, or becomes so once it is brought up."""

from __future__ import annotations

from dataclasses import dataclass

from gameday import ports


@dataclass(kw_only=True, slots=True)
class FakeTarget:
    """`ports.Target`.

    why         why it can't be reached
    up_command  brings it up, where `up_works`
    """

    why: str = ""
    up_command: tuple[str, ...] = ()
    up_works: bool = True

    async def reachable(self) -> str:
        """Give the reason why the target can't be reached."""
        return self.why

    async def up(self) -> ports.CommandOutcome | None:
        """Bring it up, if it can be."""
        if not self.up_command:
            return None
        if self.up_works:
            self.why = ""
        return ports.CommandOutcome(exit_code=0 if self.up_works else 1, output="")

    def hooks(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the commands (up, down)."""
        return self.up_command, ("down",) if self.up_command else ()
