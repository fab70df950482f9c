"""One real drill of a few seconds, on a target that records the truth, for measurements that kill its parts.

The drill is `gameday run` in a workspace of its own, with Locust and a responder script. What is found
out about it comes from the target, from the kernel's list of processes and from rows of the store's file:
never from what gameday reports of itself.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gameday.system import processes  # noqa: E402
from gameday.system.descent import cgroup, tree  # noqa: E402, F401  # for the measurements
from gameday.testing.truth import TruthServer  # noqa: E402
from tests.e2e.truth_space import SETTINGS, TruthSpace, activity, experiment  # noqa: E402

HOLD = 3.0
ROLLING = 0.5
"""Seconds between the beginning of the rollbacks and the fault's end."""
PHASES = {"baseline": "1500ms", "onset": "60s", "response": "60s", "verify": "1500ms"}
RESPONDER = {
    "responder": "slow-hand",
    "as": "automation",
    "steps": [
        {"do": {"ack": True}},
        {"do": {"command": ["sh", "-c", "nohup sleep 301 >/dev/null 2>&1 &"]}, "timeout": "10s"},
        {"do": {"command": ["sleep", "20"]}, "timeout": "20s"},
        {"do": {"note": "awake"}},
    ],
}


INJECTORS = ("nohup {}", "setsid {}", "env -i setsid {}", "(env -i setsid {} &)")
"""Ways in which what a method starts leaves its group, its session, its environment and its parent."""
SERVICES = ("nohup {}", "setsid {}", "(setsid {} &)")
LIVES, DIES = "301", "302"
"""Seconds that services, and injectors, sleep: what they are known by."""


def _shell(name: str, *commands: str) -> dict[str, Any]:
    script = "; ".join(f"{command} >/dev/null 2>&1 &" for command in commands).replace("&;", "&")
    provider = {"type": "process", "path": "sh", "arguments": ["-c", script]}
    return {"type": "action", "name": name, "provider": provider}


def made(url: str) -> dict[str, Any]:
    """Make the experiment: the rollbacks tell the target that they begin, and take ROLLING seconds.

    The method leaves injectors running, which must die; the rollbacks start services, which must live.
    """
    inject = _shell("leave injectors", *(form.format(f"sleep {DIES}") for form in INJECTORS))
    serve = _shell("start services", *(form.format(f"sleep {LIVES}") for form in SERVICES))
    say = activity("action", "say that it begins", "say", url=url, what="rolling")
    off = {**activity("action", "turn it off", "order", url=url, kind="off"), "pauses": {"before": ROLLING}}
    whole = experiment(url, rollbacks=[say, serve, off])
    # First, so that nobody is killed between the fault and what is to be counted.
    return {**whole, "method": [inject, *whole["method"]]}


def sleepers(seconds: str) -> set[int]:
    """List the living descendants that sleep for so many seconds."""
    return {pid for pid in descendants() if title(pid).split(b"\0")[:2] == [b"sleep", seconds.encode()]}


def until(holds: Callable[[], object], within: float, pause: float = 0.02) -> bool:
    """Poll until something holds; False when it does not in time."""
    end = time.monotonic() + within
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def descendants() -> list[int]:
    """List the living processes that come from this one, by the kernel's word; needs a subreaper."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] not in "ZX":
                parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, rest = [], [os.getpid()]
    while rest:
        children = parents.get(rest.pop(), [])
        found += children
        rest += children
    return found


def title(pid: int) -> bytes:
    """Give a process's command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


class Rows:
    """The store's own file, read only."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def ask(self, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        """Ask; nothing while there is no store."""
        try:
            with sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=5) as connection:
                return connection.execute(sql, given).fetchall()
        except sqlite3.OperationalError:
            return []

    def events(self, kind: str = "%") -> list[dict[str, Any]]:
        """Give the stored events of a kind."""
        rows = self.ask("SELECT line FROM events WHERE kind LIKE ? ORDER BY seq", kind)
        return [json.loads(line) for (line,) in rows]

    def has(self, kind: str, **body: str) -> bool:
        """Report whether there is an event of a kind with some fields."""
        return any(body.items() <= event["fact"].items() for event in self.events(kind))

    def open(self) -> int:
        """Count the drills that are not closed."""
        return len(self.ask("SELECT 1 FROM drills WHERE closed IS NULL"))


class Notes:
    """A person who writes notes the whole time. `kept`: the ids of those that were acknowledged."""

    def __init__(self, space: TruthSpace) -> None:
        self.kept: list[str] = []
        self._space = space
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def _write(self) -> None:
        while not self._ending.wait(0.5):
            child = self._space.start("note", "still here", "--json")
            out, _ = child.communicate()
            if child.returncode == 0:
                self.kept.append(json.loads(out)["event"])

    def end(self) -> None:
        """Stop writing."""
        self._ending.set()
        self._thread.join()


class Stage:
    """A workspace whose drill has just been started."""

    def __init__(self, folder: Path, server: TruthServer, *words: str, **scenario: Any) -> None:
        self.server = server
        passed = {name: os.environ[name] for name in (cgroup.SWITCH,) if name in os.environ}
        self.space = TruthSpace(folder, env=passed).lay_out(
            server.url,
            settings=SETTINGS.replace("providers = [", 'providers = ["process:*", '),
            made=made(server.url),
            **{"responders": "automation", "hold": f"{HOLD:g}s", "phases": PHASES, **scenario},
        )
        self.space.write("scenarios/responders/slow.yaml", RESPONDER)
        self.rows = Rows(self.space.database)
        self.said = (folder / "said.txt").open("w")
        self.run = self.space.start(
            *("run", "scenarios/quick.yaml", "--yes", "--json"),
            *("--responder", "scenarios/responders/slow.yaml", *words),
            output=self.said,
        )

    @property
    def on(self) -> bool:
        """Whether the fault is in force, by the target's word."""
        return bool(self.server.flips and self.server.flips[-1].fault)

    def phase(self, name: str, within: float = 60.0) -> bool:
        """Wait until the drill enters a phase."""
        return until(lambda: self.rows.has("PhaseEntered", phase=name) or self.ended, within, 0.01)

    @property
    def ended(self) -> bool:
        """Whether the conductor has ended."""
        return self.run.poll() is not None

    def process(self, *roles: str) -> processes.Identity | None:
        """Name the newest living process with one of some roles, the first role first."""
        for role in roles:
            for event in reversed(self.rows.events("ProcessStarted")):
                fact = event["fact"]
                who = processes.Identity(
                    pid=fact["pid"], started_ticks=fact["started_ticks"], boot=fact["boot"]
                )
                if fact["role"] == role and processes.alive(who):
                    return who
        return None

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command in the workspace, to its end."""
        child = self.space.start(*words)
        out, err = child.communicate(timeout=120)
        return subprocess.CompletedProcess(words, child.returncode, out, err)

    def end(self) -> None:
        """Leave nothing behind, whatever is left."""
        for pid in descendants():
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                continue
        self.run.wait()
        self.said.close()
