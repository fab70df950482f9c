"""What a drill costs beyond its planned phases, and how much memory its conductor takes.

Overhead: the wall time of `gameday run` less its planned phases (baseline, hold, verify): the starts of
the interpreter, of Locust and of Chaos Toolkit, preflight, the rollbacks, judging and writing. Memory: the
conductor's own peak resident set (VmHWM), its children not counted. For comparison, in the same run, what the
two tools take by themselves: `chaos run` of the same experiment, and Locust with the same users for 5 s,
less those 5 s. The two tools alone hold nothing, time nothing and judge nothing.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import tables
import timing

from gameday.testing.truth import TruthServer

VERIFY = 8.0
PLANNED = 5.0 + 3.0 + VERIFY
"""Baseline, hold and verify, in seconds."""
BIN = Path(sys.executable).parent
BAR_SECONDS, BAR_MEMORY = 2.5, 150.0


@dataclass(frozen=True, kw_only=True)
class Cost:
    overhead: float
    memory: float
    chaos: float
    locust: float


def watched(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; give its wall time in seconds, and its own peak memory in MB."""
    began = time.monotonic()
    child = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    peak = 0.0

    def look() -> None:
        nonlocal peak
        status = Path(f"/proc/{child.pid}/status")
        while child.poll() is None:
            lines = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
            peak = max(peak, *(int(line.split()[1]) / 1024 for line in lines), peak)
            time.sleep(0.2)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    _, said = child.communicate(timeout=120)
    if child.returncode not in (0, 1, 5):
        raise RuntimeError(f"{command} ended with {child.returncode}:\n{said}")
    return time.monotonic() - began, peak


def measure(folder: Path, url: str) -> Cost:
    wall, memory = watched([str(BIN / "gameday"), "run", "scenarios/slow.yaml", "--json"], folder)
    chaos, _ = watched([str(BIN / "chaos"), "--no-version-check", "run", "experiments/slow.json"], folder)
    users = ["--headless", "-u", "125", "-r", "125", "-t", "5s", "--host", url]
    began = time.monotonic()
    subprocess.run(
        [BIN / "locust", "-f", "experiments/users.py", *users], cwd=folder, capture_output=True, check=False
    )
    return Cost(overhead=wall - PLANNED, memory=memory, chaos=chaos, locust=time.monotonic() - began - 5.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drills", type=int, default=5)
    count = parser.parse_args().drills
    with tempfile.TemporaryDirectory() as temporary, TruthServer() as server:
        folder = Path(temporary)
        timing.workspace(folder, server.url, ["slow"], verify=VERIFY)
        costs = [measure(folder, server.url) for _ in range(count)]
    overhead = statistics.median(cost.overhead for cost in costs)
    alone = statistics.median(cost.chaos + cost.locust for cost in costs)
    memory = max(cost.memory for cost in costs)
    rows = [
        ["gameday: wall less planned phases", f"{overhead:.2f}", f"{max(c.overhead for c in costs):.2f}"],
        [
            "chaos run and locust alone, together",
            f"{alone:.2f}",
            f"{max(c.chaos + c.locust for c in costs):.2f}",
        ],
    ]
    tables.show("Overhead of a drill, s", ["what", "median", "max"], rows)
    print(f"gameday ÷ the two tools alone: {overhead / alone:.2f}")
    tables.finish(
        [
            ("wall less planned phases, median, s", overhead, "<=", BAR_SECONDS),
            ("conductor's own peak memory, MB", memory, "<=", BAR_MEMORY),
        ]
    )


if __name__ == "__main__":
    main()
