"""Starts scheduled drills, for the daemon, in processes of their own that it never waits for.

Each process first confirms the claim of its occurrence, then becomes the command of the drill. The next one
always stands ready with its modules imported, which takes half a second of processor time, and much more on a
busy machine: so a drill begins milliseconds after it is due. A process that is never used ends with its
daemon: the kernel sees to that (`parent_death`), and its input ends.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gameday import ports
from gameday.core.errors import NotReady
from gameday.core.plans.schedule import Record, Schedule
from gameday.system import known_secrets, processes, target
from gameday.system.descent.parent_death import PARENT


@dataclass(frozen=True, kw_only=True, slots=True)
class Launcher:
    """How this program starts a drill; the command line knows that, and hands it in.

    confirm  the command that reads one order from its input, confirms the claim and becomes the drill
    command  gives the command of a schedule's drill
    """

    confirm: Sequence[str]
    command: Callable[[Schedule], list[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildDrill:
    """`ports.StartedDrill` of a process. result_file: where its stdout goes."""

    child: processes.Child
    result_file: Path

    def ended(self) -> int | None:
        """Give its exit code, negative for a signal; None while it runs."""
        return self.child.poll()

    def drill(self) -> str:
        """Give the drill's id, or the game day's, from its output; empty where there is none."""
        try:
            result = json.loads(self.result_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        return str(result.get("drill") or result.get("game_day") or "") if isinstance(result, dict) else ""

    def stop(self) -> None:
        """Make it abort."""
        # The conductor takes SIGTERM for an abort, and reverts; SIGKILL would leave that to its keeper.
        self.child.send(signal.SIGTERM)


class ChildStarter:
    """`ports.Starter`. root: the workspace; folder: where the outputs of the drills are kept."""

    def __init__(self, launcher: Launcher, *, store_url: str, root: Path, folder: Path) -> None:
        self._launcher = launcher
        self._root = root
        self._folder = folder
        # The URL may hold a password. Any user can read a process's arguments, but not its environment.
        self._environ = {
            "PATH": target.own_path(),
            "GAMEDAY_STORE_URL": store_url,
            PARENT: str(os.getpid()),
        }
        self._ready: processes.Child | None = None

    def make_ready(self) -> None:
        """Start the next process ahead of time. If that fails, the next drill is late, not wrong."""
        if self._ready is None or self._ready.poll() is not None:
            with suppress(OSError):
                self._ready = self._process()

    def start(self, schedule: Schedule, record: Record) -> ChildDrill:
        """Start the process of an occurrence's drill. Raises NotReady."""
        stamp = datetime.fromtimestamp(record.occurrence, UTC).strftime("%Y%m%dT%H%M%SZ")
        result_file = self._folder / f"{record.schedule}-{stamp}.json"
        order = {
            "schedule": record.schedule,
            "occurrence": record.occurrence,
            "holder": record.holder,
            "argv": self._launcher.command(schedule),
            "said": str(result_file),
        }
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            child = self._hand_over(json.dumps(order).encode() + b"\n")
        except OSError as error:
            raise NotReady(f"{error}", hint=f"look at {self._folder}") from error
        # Only now, because the drill that is due needs the processor first.
        self.make_ready()
        return ChildDrill(child=child, result_file=result_file)

    def _hand_over(self, order: bytes) -> processes.Child:
        """Give an order to the process that stands ready, or to a new one. Raises OSError."""
        ready, self._ready = self._ready, None
        if ready is not None:
            try:
                return _send(ready, order)
            except OSError:  # a broken pipe: it died without an order, so it started nothing
                ready.kill()
        return _send(self._process(), order)

    def _process(self) -> processes.Child:
        env = {**self._environ, **known_secrets.for_our_own()}
        return processes.start(self._launcher.confirm, cwd=self._root, env=env, stdin=True)


def _send(child: processes.Child, order: bytes) -> processes.Child:
    child.stdin.write(order)
    child.stdin.close()
    return child


@dataclass(frozen=True, kw_only=True, slots=True)
class Executors:
    """`ports.Starter` that picks one by environment; `default`: for all that have none of their own."""

    default: ports.Starter
    by_environment: Mapping[str, ports.Starter] = field(default_factory=dict)

    def start(self, schedule: Schedule, record: Record) -> ports.StartedDrill | None:
        """Start or hand on. Raises NotReady."""
        return self.by_environment.get(record.environment, self.default).start(schedule, record)
