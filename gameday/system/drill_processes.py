"""Drills in processes of their own, for the daemon.

Comes in: a schedule, a claimed occurrence. Goes out: a process that confirms the claim, then becomes
`gameday run SCENARIO --yes --json`. What it says is kept in two files of the workspace.
Does not: wait for it.

The process that confirms stands ready with its modules imported, which takes half a second of processor time,
much more on a busy machine: a drill begins milliseconds after it is due. Behind each that is used the next
one is started. One that nobody uses ends with its daemon, at the end of its input.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gameday import ports
from gameday.core.errors import NotReady
from gameday.core.plans.schedule import Record, Schedule
from gameday.system import processes, target

CONFIRM = "gameday.cli.daemon.launch"
"""The module that confirms a claim and then becomes the drill."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildDrill:
    """`ports.StartedDrill` of a process. said: the file of its stdout."""

    child: processes.Child
    said: Path

    def ended(self) -> int | None:
        """Give its exit code, negative for a signal; None while it runs."""
        return self.child.poll()

    def drill(self) -> str:
        """Give the drill's id, or the game day's, from what it said; empty where it left none."""
        try:
            found = json.loads(self.said.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        return str(found.get("drill") or found.get("game_day") or "") if isinstance(found, dict) else ""

    def stop(self) -> None:
        """Tell it to abort."""
        self.child.send(signal.SIGTERM)


class ChildStarter:
    """`ports.Starter`. root: the workspace; folder: where what the drills say is kept."""

    def __init__(self, *, store_url: str, root: Path, folder: Path) -> None:
        self._root = root
        self._folder = folder
        self._environ = {"PATH": target.own_path(), "GAMEDAY_STORE_URL": store_url}
        self._ready: processes.Child | None = None

    def make_ready(self) -> None:
        """Let the next process stand ready; that there is none makes a drill late, not wrong."""
        if self._ready is None or self._ready.poll() is not None:
            with suppress(OSError):
                self._ready = self._process()

    def start(self, schedule: Schedule, record: Record) -> ChildDrill:
        """Start the process of an occurrence's drill. Raises NotReady."""
        stamp = datetime.fromtimestamp(record.occurrence, UTC).strftime("%Y%m%dT%H%M%SZ")
        said = self._folder / f"{record.schedule}-{stamp}.json"
        order = {
            "schedule": record.schedule,
            "occurrence": record.occurrence,
            "holder": record.holder,
            "argv": run(schedule),
            "said": str(said),
        }
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            child = self._given(json.dumps(order).encode() + b"\n")
        except OSError as error:
            raise NotReady(f"{error}", hint=f"look at {self._folder}") from error
        self.make_ready()
        return ChildDrill(child=child, said=said)

    def _given(self, order: bytes) -> processes.Child:
        """Give an order to the process that stands ready, or to a new one. Raises OSError."""
        ready, self._ready = self._ready, None
        if ready is not None:
            try:
                return _told(ready, order)
            except OSError:  # it died meanwhile, and did nothing
                ready.kill()
        return _told(self._process(), order)

    def _process(self) -> processes.Child:
        argv = [sys.executable, "-P", "-m", CONFIRM]
        return processes.start(argv, cwd=self._root, env=self._environ, stdin=True)


def _told(child: processes.Child, order: bytes) -> processes.Child:
    child.stdin.write(order)
    child.stdin.close()
    return child


@dataclass(frozen=True, kw_only=True, slots=True)
class Executors:
    """`ports.Starter` that asks the one of each environment; `here`: all others."""

    here: ports.Starter
    of: Mapping[str, ports.Starter] = field(default_factory=dict)

    def start(self, schedule: Schedule, record: Record) -> ports.StartedDrill | None:
        """Start or hand on. Raises NotReady."""
        return self.of.get(record.environment, self.here).start(schedule, record)


def run(schedule: Schedule) -> list[str]:
    """Give the command that runs a schedule's scenario, or conducts its game day."""
    if schedule.game_day:
        return [sys.executable, "-P", "-m", "gameday", "plan", "start", schedule.scenario, "--yes", "--json"]
    argv = [sys.executable, "-P", "-m", "gameday", "run", schedule.scenario, "--yes", "--json"]
    argv += ["--environment", schedule.environment, "--mode", schedule.mode]
    return [*argv, "--responder", schedule.responder] if schedule.responder else argv
