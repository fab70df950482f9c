"""How long commands take to start: gameday's and `chaos --help`, in turn, in the same run.

`gameday ack` is what a responder types while a drill is live; here it writes into a real store. The bound for
`gameday validate` on the whole catalogue is in seconds. A command that cannot be run here is named, and
missed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tables

from gameday import storage
from gameday.core.facts import drill as ev
from gameday.core.values import EventId, instant
from gameday.testing.histories import DRILL, SCENARIO, SCORECARD, Mode

REPOSITORY = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
COMMANDS = {
    "chaos --help": (["chaos", "--help"], ""),
    "gameday --help": (["gameday", "--help"], ""),
    "gameday ack": (["gameday", "ack"], "live"),
    "gameday validate": (["gameday", "validate"], "catalogue"),
    "locust --help": (["locust", "--help"], ""),
    "python -c pass": (["python", "-c", "pass"], ""),
}
PEER = "chaos --help"


def workspace(folder: Path) -> Path:
    """Make a workspace with one live drill."""
    (folder / "gameday.toml").write_text('[store]\nurl = "sqlite:///.gameday/gameday.db"\n')
    (folder / ".gameday").mkdir()
    store = storage.open_store(f"sqlite:///{folder}/.gameday/gameday.db")
    planned = ev.DrillPlanned(
        scenario=SCENARIO, scorecard=SCORECARD, mode=Mode.EVALUATE, environment="shop", comparable=""
    )
    store.append(
        ev.Event(
            id=EventId("bench-planned"),
            drill=DRILL,
            recorded_at=instant(time.time()),
            source="conductor",
            fact=planned,
        )
    )
    store.close()
    return folder


def once(name: str, folders: dict[str, Path]) -> float:
    """Run a command once; give its wall time, or NaN when it fails."""
    argv, where = COMMANDS[name]
    began = time.perf_counter()
    done = subprocess.run([BIN / argv[0], *argv[1:]], cwd=folders[where], capture_output=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        print(f"{name} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}")
        return float("nan")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as temporary:
        folders = {"": Path(temporary), "live": workspace(Path(temporary)), "catalogue": REPOSITORY}
        usable = [name for name in COMMANDS if once(name, folders) > 0]  # also warms the disk cache
        times: dict[str, list[float]] = {name: [] for name in usable}
        for _ in range(rounds):
            for name in usable:
                times[name].append(once(name, folders))
    ratios = {name: tables.paired(times[name], times[PEER]) for name in usable}
    rows = [[name, f"{statistics.median(times[name]) * 1000:.0f}", f"{ratios[name]:.2f}"] for name in usable]
    tables.show(f"Start: medians of {rounds} rounds in turn", ["command", "ms", "of chaos --help"], rows)
    missing = float("inf")
    validate = statistics.median(times["gameday validate"]) if "gameday validate" in times else missing
    tables.finish(
        [
            ("gameday --help ÷ chaos --help", ratios.get("gameday --help", missing), "<=", 0.8),
            ("gameday ack ÷ chaos --help", ratios.get("gameday ack", missing), "<=", 1.2),
            ("gameday validate, seconds", validate, "<=", 2.0),
        ]
    )


if __name__ == "__main__":
    main()
