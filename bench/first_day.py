"""How long the tutorial takes, from a bare virtual environment to the first postmortem of one's own service.

docs/how-to/your-own-service.md is followed word for word: its commands are typed, its files written, with a
real Prometheus and Alertmanager. Nobody reads or thinks here, so what is measured is what a person waits for.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import tables  # noqa: E402

from tests.docs import followed  # noqa: E402

PAGE = followed.Page(REPOSITORY / "docs" / "how-to" / "your-own-service.md")
COMMANDS, SECONDS = 20.0, 600.0


class Day:
    """A folder with a clone, and the commands typed there so far, each with its seconds; None: it runs on."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.clone, self.workspace = root / "gameday", root / "my-drills"
        self.took: list[tuple[str, float | None]] = []
        self._environment = followed.environment(root / "drills-venv" / "bin")

    def install(self) -> None:
        """Clone, and type the first block; a shell that has activated an environment needs no more of it."""
        subprocess.run(["git", "clone", "--quiet", REPOSITORY, self.clone], check=True)
        for command in PAGE.commands("install"):
            self.type(command, self.clone)
        PAGE.write_files(self.workspace)

    def type(self, command: str, folder: Path | None = None) -> str:
        """Type one command, and wait for its end."""
        began = time.perf_counter()
        try:
            return followed.typed(command, folder or self.workspace, self._environment, SECONDS)
        finally:
            self.took.append((command, time.perf_counter() - began))

    @contextmanager
    def terminal(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """Type a block in a terminal of its own; what it started is ended with the terminal."""
        self.took += [(command, None) for command in PAGE.commands(name)]
        opened = followed.left_running(
            PAGE.blocks[name], self.workspace, self._environment, self._root / f"{name}.log"
        )
        try:
            yield opened
        finally:
            if opened.poll() is None:
                os.killpg(opened.pid, signal.SIGKILL)
            opened.wait()

    def alerted(self) -> bool:
        """Whether the drill has received an alert, as its screen would show."""
        said = followed.typed("gameday status --json", self.workspace, self._environment)
        return any(view["alerts"] for view in json.loads(said or "[]"))


def follow(day: Day) -> bool:
    """Follow the page; give whether the drill was recovered by the team after an alert."""
    day.install()
    with day.terminal("services"):
        for command in PAGE.commands("look"):
            day.type(command)
        with day.terminal("terminal-1") as drill:
            while drill.poll() is None and not day.alerted():
                time.sleep(0.2)
            for command in PAGE.commands("terminal-2"):
                day.type(command)
            drill.wait(timeout=SECONDS)
        day.type(PAGE.commands("postmortem")[0])
    (file,) = day.workspace.glob(".gameday/drills/*/result.json")
    result = json.loads(file.read_text(encoding="utf-8"))
    return result["recovered_by"] == "team" and result["alerts"]["missing"] == []


def main() -> None:
    if not shutil.which("prometheus-alertmanager"):
        sys.exit("this needs Prometheus and Alertmanager: apt install prometheus prometheus-alertmanager")
    with tempfile.TemporaryDirectory() as temporary:
        day = Day(Path(temporary))
        began = time.perf_counter()
        recovered = follow(day)
        seconds = time.perf_counter() - began
    rows = [[command, "–" if took is None else f"{took:.1f}"] for command, took in day.took]
    tables.show("the tutorial, command by command", ["command", "s"], rows)
    tables.finish(
        [
            ("commands", float(len(day.took)), "<=", COMMANDS),
            ("seconds in all", seconds, "<=", SECONDS),
            ("drills that an alert detected and the team recovered", float(recovered), ">=", 1.0),
        ]
    )


if __name__ == "__main__":
    main()
