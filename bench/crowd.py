"""How precise the times of twenty drills at once are, on one machine and one store, and their memory.

Each drill has a target of its own that writes down when its fault went on and off, light load (10 users that
do not keep step), and its own environment; all share a workspace and its store. For comparison, in the same
run, the same drill alone: with ten requests/s the next request comes 0.1 s later on average, so the errors
of both hold that wait, and the bound is on their ratio.

Memory is what the kernel counts as a process's own share (PSS) of everything that carries a drill's mark and
of the conductors, at its peak.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tables
import timing

from gameday import storage
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.judging import impact
from gameday.testing.truth import TruthServer

KIND = "errors"
MARK = b"GAMEDAY_DRILL="
SETTINGS = """
[environments.{name}]
base_url = "{url}"

[environments.{name}.policy]
providers = ["python:gameday.testing.truth.*", "http:http://127.0.0.1:*"]
hosts = ["127.0.0.1"]
"""
SCENARIO = """
scenario: {name}
title: Users see errors
environment: {name}
responders: none
experiment: ../experiments/{name}.json
hold: 20s
load: {{locustfile: ../experiments/users.py, users: 10, spawn_rate: 10}}
slos:
  - {{slo: users, request: "GET /", objective: 95%, window: 4s, min_requests: 10}}
milestones:
  contained: {{any: [{{slo: "*", at_least: 80%, for: 2s}}]}}
  recovered: {{all: [{{slo: "*", for: 2s}}]}}
objectives: {{detect: 5s, contain: 10s, recover: 20s}}
phases: {{baseline: 15s, onset: 15s, response: 2m, verify: 10s}}
scorecard: ../scorecards/timing.yaml
"""


@dataclass(frozen=True, kw_only=True)
class Played:
    """Drills that ran alongside each other: errors in seconds, memory in bytes at the peak, what failed."""

    errors: list[float]
    memory: int
    failures: list[str]
    together: float


def workspace(folder: Path, servers: dict[str, TruthServer]) -> None:
    for name in ("experiments", "scenarios", "scorecards"):
        (folder / name).mkdir()
    (folder / "experiments" / "users.py").write_text(timing.USERS)
    (folder / "scorecards" / "timing.yaml").write_text(timing.SCORECARD)
    for name, server in servers.items():
        with (folder / "gameday.toml").open("a") as settings:
            settings.write(SETTINGS.format(name=name, url=server.url))
        (folder / "scenarios" / f"{name}.yaml").write_text(SCENARIO.format(name=name))
        (folder / "experiments" / f"{name}.json").write_text(json.dumps(timing.experiment(server.url, KIND)))


def play(folder: Path, servers: dict[str, TruthServer]) -> Played:
    """Start one drill on each server, all at once, and hold what they found against the truth."""
    flips = {name: len(server.flips) for name, server in servers.items()}
    running = {name: started(folder, name) for name in servers}
    most = 0
    while any(one.poll() is None for one in running.values()):
        most = max(most, weight({one.pid for one in running.values()}))
        time.sleep(1.0)
    errors, failures, spans = [], [], []
    for name, one in running.items():
        truth = servers[name].flips[flips[name] :]
        if one.returncode not in (0, 1) or len(truth) != 2:
            output = (folder / f"{name}.err").read_text()[-1500:]
            failures.append(f"{name}: exit {one.returncode}, {len(truth)} changes of the fault\n{output}")
            continue
        found = seen(folder, name)
        errors += [apart(found.start, truth[0].at), apart(found.end, truth[1].at)]
        spans.append((truth[0].at, truth[1].at))
    return Played(errors=errors, memory=most, failures=failures, together=overlap(spans))


def started(folder: Path, name: str) -> subprocess.Popen[bytes]:
    with (folder / f"{name}.err").open("wb") as talk:
        return subprocess.Popen(
            [timing.GAMEDAY, "run", f"scenarios/{name}.yaml", "--yes", "--json"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=talk,
        )


def seen(folder: Path, name: str) -> timing.Found:
    """Read the newest drill of a scenario from the store."""
    store = storage.open_store(f"sqlite:///{folder}/.gameday/gameday.db")
    drill = next(row.drill for row in store.drills() if row.scenario == name)
    past = history.from_events((one.event for one in store.read(drill)), load=store.read_load(drill))
    store.close()
    assert past.first(ev.DrillClosed) is not None
    found = impact.measure(past)
    return timing.Found(
        start=found.started.at if found.started else timing.NAN,
        end=found.ended.at if found.ended else timing.NAN,
    )


def apart(measured: float, true: float) -> float:
    """Give the error without sign; what was not seen at all is endless."""
    return float("inf") if measured != measured else abs(measured - true)  # noqa: PLR0124  # NaN


def overlap(spans: Sequence[tuple[float, float]]) -> float:
    """Give for how long all faults were in force at once, in seconds; negative: never."""
    return min(end for _, end in spans) - max(start for start, _ in spans) if spans else 0.0


def weight(conductors: set[int]) -> int:
    """Add up the own share of memory of every process of a drill, in bytes."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(process.name) in conductors or MARK in (process / "environ").read_bytes():
                lines = (process / "smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
    return total


def alone(folder: Path, servers: dict[str, TruthServer], count: int) -> list[Played]:
    """Play the same drill by itself, on one server after the other."""
    return [play(folder, {name: servers[name]}) for name in list(servers)[:count]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drills", type=int, default=20, help="at once")
    parser.add_argument("--alone", type=int, default=8)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        servers = {f"drill-{n}": stack.enter_context(TruthServer()) for n in range(wanted.drills)}
        workspace(Path(temporary), servers)
        one = alone(Path(temporary), servers, wanted.alone)
        many = play(Path(temporary), servers)
    for failure in (*(each for single in one for each in single.failures), *many.failures):
        print(failure, flush=True)
    single = [error for each in one for error in each.errors]
    memory = statistics.median(each.memory for each in one), many.memory / wanted.drills
    cores = os.cpu_count() or 1
    tables.show(
        f"{wanted.drills} drills at once on {cores} cores; {many.together:.0f} s with every fault in force",
        ["drills", "errors", "p50 ms", "p95 ms", "max ms", "MB a drill"],
        [
            row("one at a time", single, memory[0]),
            row(f"{wanted.drills} at once", many.errors, memory[1]),
        ],
    )
    failed = sum(len(each.failures) for each in one) + len(many.failures)
    tables.finish(
        [
            ("median error at once ÷ alone", middle(many.errors) / middle(single), "<=", 1.5),
            ("p95 error at once ÷ alone", late(many.errors) / late(single), "<=", 2.0),
            ("drills that failed", failed, "<=", 0),
            ("seconds with every fault in force", many.together, ">=", 0.0),
        ]
    )


def middle(errors: Sequence[float]) -> float:
    return statistics.median(errors) if errors else float("inf")


def late(errors: Sequence[float]) -> float:
    return tables.percentile(errors, 0.95) if errors else float("inf")


def row(name: str, errors: Sequence[float], memory: float) -> list[str]:
    figures = (middle(errors), late(errors), max(errors, default=float("inf")))
    return [name, str(len(errors)), *(f"{one * 1000:,.0f}" for one in figures), f"{memory / 1e6:.0f}"]


if __name__ == "__main__":
    main()
