"""Responders' commands without processes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from gameday import ports
from gameday.core.values import Seconds
from gameday.testing.world import World


@dataclass(kw_only=True, slots=True)
class FakeRunner:
    """`ports.Runner`: the commands in `fixes` fix the world; no other command can be started."""

    world: World
    fixes: Collection[tuple[str, ...]] = (("fix",), ("mend",))
    ran: list[tuple[str, ...]] = field(default_factory=list)

    async def run(self, argv: Sequence[str], *, timeout: Seconds, actor: str) -> ports.CommandOutcome:  # noqa: ARG002, ASYNC109  # the port's
        """Run a command on the world."""
        self.ran.append(tuple(argv))
        if tuple(argv) in self.fixes:
            self.world.fixed = True
            return ports.CommandOutcome(exit_code=0, output="")
        return ports.CommandOutcome(exit_code=127, output="no such command")
