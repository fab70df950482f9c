"""The target of a drill, by its address and its `up` and `down` commands; and the responders' commands."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gameday.core.errors import NotReady
from gameday.core.values import DrillId, Seconds
from gameday.ports import CommandOutcome
from gameday.system import commands, fetching, known_secrets
from gameday.system.processes import Identity

UP_TIMEOUT: Seconds = 300.0


def own_path() -> str:
    """Give PATH with the folder of our own commands first."""
    # So `gameday` in a command is this installation's, also where no environment is activated.
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def answers(url: str, *, within: Seconds = 3.0) -> str:
    """Ask a URL for any HTTP answer; give the reason when there is none, else an empty text."""
    try:
        fetching.fetch(url, within=within, limit=0)
    except (OSError, ValueError) as error:
        return f"{_shown(url)} does not answer: {error}"
    return ""


async def status(url: str, within: Seconds) -> int:
    """Get a URL, and give the status of its answer. Raises NotReady when none comes in time."""
    return await asyncio.to_thread(_status, url, within)


def _status(url: str, within: Seconds) -> int:
    try:
        return fetching.fetch(url, within=within, limit=0).status
    except (OSError, ValueError) as error:
        raise NotReady(f"{_shown(url)} does not answer: {error}") from error


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandTarget:
    """`ports.Target` of an address and two commands."""

    base_url: str
    cwd: Path
    drill: DrillId
    up_command: tuple[str, ...] = ()
    down_command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    async def reachable(self) -> str:
        """Give the reason why the target can't be reached; empty when it can, or when it has no address."""
        return await asyncio.to_thread(answers, self.base_url) if self.base_url else ""

    async def up(self) -> CommandOutcome | None:
        """Run the environment's `up`. What it leaves running belongs to the environment."""
        if not self.up_command:
            return None
        done = await asyncio.to_thread(
            commands.call,
            self.up_command,
            timeout=UP_TIMEOUT,
            cwd=self.cwd,
            env={**self.env, "PATH": own_path()},
        )
        return _ran(done)

    def hooks(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the commands (up, down)."""
        return self.up_command, self.down_command


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandRunner:
    """`ports.Runner` in the workspace; the commands carry their actor.

    What a command leaves running belongs to the environment. on_start: gets the process of each command.
    """

    cwd: Path
    on_start: Callable[[Identity], object] = lambda _who: None

    async def run(self, argv: Sequence[str], *, timeout: Seconds, actor: str) -> CommandOutcome:  # noqa: ASYNC109  # the port's word
        """Run a command to its end in a thread.

        At `timeout` seconds, and when this is cancelled, it is ended with its group and descendants.
        """
        unwanted = threading.Event()
        running = asyncio.ensure_future(
            asyncio.to_thread(
                commands.call,
                argv,
                timeout=timeout,
                cwd=self.cwd,
                env={"PATH": own_path(), "GAMEDAY_ACTOR": actor},
                unwanted=unwanted,
                on_start=self.on_start,
            )
        )
        try:
            return _ran(await asyncio.shield(running))
        except asyncio.CancelledError:
            unwanted.set()
            await running  # it must be gone before the drill goes on to its end
            raise


def _ran(done: commands.Finished) -> CommandOutcome:
    """Redact a command's output while it is whole: a secret that was cut in two would not be recognised."""
    return CommandOutcome(exit_code=done.exit_code, output=known_secrets.redactor().text(done.output))
