"""How long commands take to start: gameday's and `chaos --help`, in turn, in the same run.

    python bench/start.py [--rounds 15] [--drills 10000]

`gameday ack` is what a responder types while a drill is live; here it writes into a real store. `status`,
`list` and `show` are typed in two workspaces: one has 10 drills, the other 10,000. The bound for `gameday
validate` on the whole catalogue is in seconds. A command that cannot be run here is named, and missed. Times
are those of the processor, which other work on the machine disturbs least; the clock's are next to them. All
commands run compiled, as installed ones do: gameday's own bytecode is made in a round that does not count.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import tables

from gameday import storage, wiring
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, EventId, Instant, instant
from gameday.ports import HistoryStore
from gameday.testing.histories import DRILL, SCENARIO, SCORECARD, Game, Mode

REPOSITORY = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
FEW = 10
COMMANDS = {
    "chaos --help": (["chaos", "--help"], ""),
    "gameday --help": (["gameday", "--help"], ""),
    "gameday ack": (["gameday", "ack"], "live"),
    "gameday status": (["gameday", "status"], "few"),
    "gameday list": (["gameday", "list"], "few"),
    "gameday show": (["gameday", "show"], "few"),
    "status, many drills": (["gameday", "status"], "many"),
    "list, many drills": (["gameday", "list"], "many"),
    "show, many drills": (["gameday", "show"], "many"),
    "gameday validate": (["gameday", "validate"], "catalogue"),
    "locust --help": (["locust", "--help"], ""),
    "python -c pass": (["python", "-c", "pass"], ""),
}
PEER = "chaos --help"
GAME = Game().trail(at=1).fault(at=10).bad("POST /checkout", 10, 60).ack(at=20).over(at=80)
Times = dict[str, list[tuple[float, float]]]


def workspace(folder: Path) -> HistoryStore:
    """Make a workspace, and open its store."""
    folder.mkdir(exist_ok=True)
    (folder / "gameday.toml").write_text('[store]\nurl = "sqlite:///.gameday/gameday.db"\n')
    (folder / ".gameday").mkdir()
    return storage.open_store(f"sqlite:///{folder}/.gameday/gameday.db")


def live(folder: Path) -> Path:
    """Make a workspace with one live drill."""
    store = workspace(folder)
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


def ended(folder: Path, count: int) -> Path:
    """Make a workspace with so many drills that have ended; the newest has its files."""
    store = workspace(folder)
    history = GAME.history()
    whole = [history.events[0], history.events[-1]]
    for first in range(1, count, 500):  # some at a time, each batch in one transaction
        names = [
            DrillId(f"20260101-{number:06}-checkout") for number in range(first, min(count, first + 500))
        ]
        store.append(
            *(
                replace(
                    event,
                    drill=name,
                    id=EventId(f"{name}-{event.kind}"),
                    recorded_at=Instant(event.recorded_at - 1e6),
                )
                for name in names
                for event in whole
            )
        )
    store.append(*history.events)
    store.append_load(DRILL, history.load.chunks, history.load.until)
    wiring.write_reports(wiring.workspace(folder), store, DRILL)
    store.close()
    return folder


def once(name: str, folders: dict[str, Path], environment: dict[str, str]) -> tuple[float, float]:
    """Run a command once; give its processor time and its wall time, or NaN when it fails."""
    argv, where = COMMANDS[name]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [BIN / argv[0], *argv[1:]], cwd=folders[where], capture_output=True, check=False, env=environment
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        print(f"{name} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}")
        return float("nan"), float("nan")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def measured(rounds: int, drills: int) -> Times:
    """Run all commands in turn; give (processor, wall) of each round by command."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        folders = {
            "": root,
            "live": live(root / "live"),
            "few": ended(root / "few", FEW),
            "many": ended(root / "many", drills),
            "catalogue": REPOSITORY,
        }
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": str(root / "bytecode"), "XDG_STATE_HOME": str(root / "state")}
        once(PEER, folders, environment)
        usable = [name for name in COMMANDS if once(name, folders, environment)[0] > 0]
        times: Times = {name: [] for name in usable}
        for _ in range(rounds):
            for name in usable:
                times[name].append(once(name, folders, environment))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--drills", type=int, default=10_000)
    given = parser.parse_args()
    times = measured(given.rounds, given.drills)

    def ratio(one: str, other: str) -> float:
        if one not in times or other not in times:
            return float("inf")
        return tables.paired([cpu for cpu, _ in times[one]], [cpu for cpu, _ in times[other]])

    rows = [
        [
            name,
            *(f"{statistics.median(column) * 1000:.0f}" for column in zip(*times[name], strict=True)),
            f"{ratio(name, PEER):.2f}",
        ]
        for name in times
    ]
    head = ["command", "processor ms", "wall ms", "of chaos --help"]
    tables.show(f"Start: medians of {given.rounds} rounds in turn", head, rows)
    validate = statistics.median(cpu for cpu, _ in times.get("gameday validate", [(float("inf"), 0.0)]))
    looks = ("status", "list", "show")
    tables.finish(
        [
            ("gameday --help ÷ chaos --help", ratio("gameday --help", PEER), "<=", 0.6),
            ("gameday ack ÷ chaos --help", ratio("gameday ack", PEER), "<=", 1.2),
            *(
                (f"gameday {look} ÷ chaos --help", ratio(f"gameday {look}", PEER), "<=", 1.2)
                for look in looks
            ),
            *(
                (
                    f"{look}, {given.drills:,} drills ÷ {FEW}",
                    ratio(f"{look}, many drills", f"gameday {look}"),
                    "<=",
                    1.2,
                )
                for look in looks
            ),
            ("gameday validate, seconds", validate, "<=", 0.8),
        ]
    )


if __name__ == "__main__":
    main()
