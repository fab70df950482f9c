"""Drills in processes of their own, for the daemon.

Comes in: a schedule, a claimed occurrence. Goes out: a process that confirms the claim, then becomes
`gameday run SCENARIO --yes --json`. What it says is kept in two files of the workspace.
Does not: wait for it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from gameday import ports
from gameday.core.errors import NotReady
from gameday.core.schedule import Record, Schedule
from gameday.system import processes, target

CONFIRM = "gameday.cli.fire"
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
        """Give the drill's id from its result; empty where it left none."""
        try:
            found = json.loads(self.said.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        return str(found.get("drill") or "") if isinstance(found, dict) else ""

    def stop(self) -> None:
        """Tell it to abort."""
        self.child.send(signal.SIGTERM)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildStarter:
    """`ports.Starter`. root: the workspace; folder: where what the drills say is kept."""

    store_url: str
    root: Path
    folder: Path

    def start(self, schedule: Schedule, record: Record) -> ChildDrill:
        """Start the process of an occurrence's drill. Raises NotReady."""
        stamp = datetime.fromtimestamp(record.occurrence, UTC).strftime("%Y%m%dT%H%M%SZ")
        said = self.folder / f"{record.schedule}-{stamp}.json"
        argv = [sys.executable, "-P", "-m", CONFIRM]
        argv += [record.schedule, f"{record.occurrence:.0f}", record.holder, *run(schedule)]
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _private(said) as out, _private(said.with_suffix(".txt")) as talk:
                child = processes.start(
                    argv,
                    cwd=self.root,
                    env={
                        "PATH": target.own_path(),
                        "GAMEDAY_ACTOR": f"schedule {record.schedule}",
                        "GAMEDAY_STORE_URL": self.store_url,  # its password is nobody else's to see
                    },
                    stdout=out,
                    stderr=talk,
                )
        except OSError as error:
            raise NotReady(f"{error}", hint=f"look at {self.folder}") from error
        return ChildDrill(child=child, said=said)


@dataclass(frozen=True, kw_only=True, slots=True)
class Executors:
    """`ports.Starter` that asks the one of each environment; `here`: all others."""

    here: ports.Starter
    of: Mapping[str, ports.Starter] = field(default_factory=dict)

    def start(self, schedule: Schedule, record: Record) -> ports.StartedDrill | None:
        """Start or hand on. Raises NotReady."""
        return self.of.get(record.environment, self.here).start(schedule, record)


def run(schedule: Schedule) -> list[str]:
    """Give the command that runs a schedule's scenario."""
    argv = [sys.executable, "-P", "-m", "gameday", "run", schedule.scenario, "--yes", "--json"]
    argv += ["--environment", schedule.environment, "--mode", schedule.mode]
    return [*argv, "--responder", schedule.responder] if schedule.responder else argv


def _private(path: Path) -> IO[bytes]:
    """Open a file for its owner alone: what a drill says may name hosts."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
