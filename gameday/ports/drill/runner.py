"""Running the commands of a scripted responder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gameday.core.values import Seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandOutcome:
    """A command that ended. exit_code None: it was killed at its time limit."""

    exit_code: int | None
    output: str


class Runner(Protocol):
    """Runs a responder's commands in the workspace, with gameday's own commands first on PATH."""

    async def run(self, argv: Sequence[str], *, timeout: Seconds, actor: str) -> CommandOutcome:  # noqa: ASYNC109  # a process is killed, not cancelled
        """Run a command to its end. A command that can't be started ends with 127."""
        ...
