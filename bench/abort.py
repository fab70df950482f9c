"""Measures the way of an abort: from the command to the first rollback that reaches the target.

    python bench/abort.py [--drills 30]

Each abort ends a real drill, with Locust and a fault that is held, at a random moment of its hold. The time
runs from just before `gameday abort` is started, its interpreter with it, to the moment at which the first
rollback arrives at the target, by the target's own record. For comparison, in the same run: Ctrl-C in the
drill's own terminal, and what a person does with plain `chaos run`, whose rollbacks are asked to run always:
SIGINT, and SIGUSR1. gameday's modules are compiled to bytecode first, as an installation has them. The bound
is one of a quiet machine; the load average is printed with the figures, and how long `chaos --help` takes in
between, by which two machines can be compared. Ends with 1 when the bound is missed.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import stage
import tables
from stage import Stage, TruthServer, tree, until

BOUND = 0.12
REACHES = 10.0


def rolled(server: TruthServer, since: float) -> float | None:
    """Give the seconds from an instant to the first rollback after it; None when none came in time."""
    until(lambda: server.moments, REACHES, 0.005)
    return server.moments[0].at - since if server.moments else None


def abort(way: str, moment: float) -> float | None:
    """End one drill by the command or by Ctrl-C; give the seconds to the first rollback."""
    with TruthServer() as server, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        game = Stage(Path(folder), server, hold="60s")
        try:
            if not game.phase("respond") or not until(lambda: game.on, 10):
                raise RuntimeError("the drill did not come to its hold")
            time.sleep(moment)
            began = time.time()
            if way == "gameday abort":
                said = game.space.start("abort", "--reason", "safety")
            else:
                game.run.send_signal(signal.SIGINT)
            found = rolled(server, began)
            if way == "gameday abort":
                said.communicate()
            until(lambda: game.ended, 30)
        finally:
            game.end()
    return found


def chaos(number: signal.Signals, moment: float) -> float | None:
    """End one plain `chaos run` by a signal; give the seconds to the first rollback."""
    with TruthServer() as server, tempfile.TemporaryDirectory() as folder:
        experiment = stage.made(server.url)
        experiment["method"][-1]["pauses"] = {"after": 60}
        experiment["runtime"] = {"rollbacks": {"strategy": "always"}}
        Path(folder, "x.json").write_text(json.dumps(experiment))
        command = Path(sys.executable).parent / "chaos"
        run = subprocess.Popen(
            [command, "run", "x.json"], cwd=folder, stdout=-3, stderr=-3, start_new_session=True
        )
        until(lambda: server.flips, 30)
        time.sleep(moment)
        began = time.time()
        run.send_signal(number)
        found = rolled(server, began)
        run.kill()
        run.wait()
    return found


def machine() -> float:
    """Give the seconds that `chaos --help` takes: how quick this machine starts a Python program."""
    began = time.perf_counter()
    subprocess.run([Path(sys.executable).parent / "chaos", "--help"], stdout=-3, stderr=-3, check=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--drills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    compileall.compile_dir(stage.ROOT / "gameday", quiet=1)
    tree.become_subreaper()
    chance = random.Random(given.seed)
    ways = {
        "gameday abort": lambda: abort("gameday abort", chance.uniform(0, 3)),
        "Ctrl-C in the drill": lambda: abort("Ctrl-C", chance.uniform(0, 3)),
        "chaos run, SIGINT": lambda: chaos(signal.SIGINT, chance.uniform(0, 3)),
        "chaos run, SIGUSR1": lambda: chaos(signal.SIGUSR1, chance.uniform(0, 3)),
        "(chaos --help)": machine,
    }
    found: dict[str, list[float | None]] = {name: [] for name in ways}
    for count in range(given.drills):  # in turn, so that the machine treats all alike
        for name, play in ways.items():
            if count < given.drills // 3 or name == "gameday abort":
                found[name].append(play())
        print(f"{count + 1}/{given.drills}", file=sys.stderr, flush=True)
    head = ("ended by", "drills", "no rollback", "median s", "p99 s", "longest s")
    tables.show("From the command to the first rollback", head, [row(n, f) for n, f in found.items()])
    print(f"load average {os.getloadavg()[0]:.1f}")
    usual = tables.percentile([seconds for seconds in found["(chaos --help)"] if seconds is not None], 0.5)
    times = [seconds for seconds in found["gameday abort"] if seconds is not None]
    print(f"gameday abort, p99 ÷ chaos --help, median: {tables.percentile(times, 0.99) / usual:.2f}")
    missing = found["gameday abort"].count(None)
    bounds = [("aborts without a rollback", missing, "<=", 0)]
    tables.finish([*bounds, ("seconds from the command, p99", tables.percentile(times, 0.99), "<=", BOUND)])


def row(name: str, found: list[float | None]) -> list[str]:
    times = [seconds for seconds in found if seconds is not None]
    figures = [tables.percentile(times, 0.5), tables.percentile(times, 0.99), max(times)] if times else []
    return [name, str(len(found)), str(found.count(None)), *(f"{f:.3f}" for f in figures)] + ["–"] * (
        3 - len(figures)
    )


if __name__ == "__main__":
    main()
