"""How near gameday's impact start and recovery come to the truth, in real drills.

The target writes down, to the millisecond, when its fault went on and off (`gameday.testing.truth`). Each
drill is one `gameday run` in a workspace of its own making: about 125 requests/s from users that do not
keep step, a Chaos Toolkit experiment that turns the fault on, three seconds of hold, its rollback.

For comparison, in the same drills, what a user gets by hand: Locust's `--csv` history (one row a second, with
`--csv-full-history`), read as people read it, and `chaos run`'s journal, which records when the action was
called, not when users were affected. Faults: `slow` and `errors` have the bound; in `hang` no user can
start a request while the others wait, so there are not 100 starts/s during the fault, and it has no bound.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import tables

from gameday import storage
from gameday.core.facts import history
from gameday.core.judging import impact
from gameday.testing.truth import TruthServer

GAMEDAY = Path(sys.executable).parent / "gameday"
BOUND = 0.050
SECOND = 1.0
THRESHOLD = 300
NAN = float("nan")

USERS = """
import random
import time

from locust import FastHttpUser, task


class User(FastHttpUser):
    due = None

    def wait_time(self):  # one request a second each, at moments of its own, however long the answers take
        now = time.time()
        self.due = max((self.due or now - 1) + random.expovariate(1.0), now - 1)
        return max(0.0, self.due - now)

    @task
    def root(self):
        self.client.get("/")
"""
SETTINGS = """
[environments.truth]
base_url = "{url}"

[environments.truth.policy]
providers = ["python:gameday.testing.truth.*", "http:http://127.0.0.1:*"]
hosts = ["127.0.0.1"]
"""
SCENARIO = """
scenario: {kind}
title: The fault is {kind}
environment: truth
responders: none
experiment: ../experiments/{kind}.json
hold: 3s
load: {{locustfile: ../experiments/users.py, users: 125, spawn_rate: 125}}
slos:
  - {{slo: users, request: "GET /", latency: 300ms, objective: 95%, window: 2s, min_requests: 20}}
milestones:
  contained: {{any: [{{slo: "*", at_least: 80%, for: 2s}}]}}
  recovered: {{all: [{{slo: "*", for: 2s}}]}}
objectives: {{detect: 5s, contain: 10s, recover: 20s}}
phases: {{baseline: 5s, onset: 5s, response: 60s, verify: {verify:g}s}}
scorecard: ../scorecards/timing.yaml
"""
SCORECARD = """
scorecard: timing
version: 1
criteria:
  - {criterion: time-to-recover, phase: recover, weight: 1, measure: recover, target: 1x, limit: 3x}
"""


@dataclass(frozen=True, kw_only=True)
class Found:
    """When users began to be affected, and when they were healthy again, according to one source."""

    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class Drill:
    kind: str
    truth: Found
    gameday: Found
    csv: Found
    journal: Found
    starts: float


def workspace(folder: Path, url: str, kinds: Sequence[str], *, verify: float = 16.0) -> None:
    for name in ("experiments", "scenarios", "scorecards"):
        (folder / name).mkdir()
    (folder / "gameday.toml").write_text(SETTINGS.format(url=url))
    (folder / "experiments" / "users.py").write_text(USERS)
    (folder / "scorecards" / "timing.yaml").write_text(SCORECARD)
    for kind in kinds:
        (folder / "scenarios" / f"{kind}.yaml").write_text(SCENARIO.format(kind=kind, verify=verify))
        (folder / "experiments" / f"{kind}.json").write_text(json.dumps(experiment(url, kind)))


def experiment(url: str, kind: str) -> dict[str, object]:
    def activity(type_: str, name: str, function: str, **arguments: str) -> dict[str, object]:
        provider = {
            "type": "python",
            "module": "gameday.testing.truth",
            "func": function,
            "arguments": {"url": url, **arguments},
        }
        return {"type": type_, "name": name, "provider": provider}

    return {
        "version": "1.0.0",
        "title": f"Users are healthy although the server is {kind}",
        "description": "They are not.",
        "method": [activity("action", f"turn {kind} on", "order", kind=kind)],
        "rollbacks": [activity("action", "turn it off", "order", kind="off")],
        "extensions": [{"name": "gameday", "still-exposed": activity("probe", "is it on", "exposed")}],
    }


def drill(folder: Path, server: TruthServer, kind: str, number: int) -> Drill | str:
    """Run one drill; read what each source says of it, or why there is nothing to read."""
    flips = len(server.flips)
    prefix = folder / "csv" / str(number)
    environment = {**os.environ, "LOCUST_CSV": str(prefix), "LOCUST_CSV_FULL_HISTORY": "true"}
    done = subprocess.run(
        [GAMEDAY, "run", f"scenarios/{kind}.yaml", "--yes", "--json"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    changes = server.flips[flips:]
    if len(changes) != 2 or done.returncode not in (0, 1):
        return f"exit {done.returncode}, the fault changed {len(changes)} times:\n{done.stderr[-3000:]}"
    seen, starts, id_ = stored(folder)
    return Drill(
        kind=kind,
        truth=Found(start=changes[0].at, end=changes[1].at),
        gameday=seen,
        csv=by_hand(Path(f"{prefix}_stats_history.csv"), kind),
        journal=journal(folder / ".gameday" / "drills" / id_ / "journal.json"),
        starts=starts,
    )


def stored(folder: Path) -> tuple[Found, float, str]:
    """Read the newest drill from the store: its impact, the requests/s during it, its id."""
    store = storage.open_store(f"sqlite:///{folder}/.gameday/gameday.db")
    row = store.drills()[0]
    load = store.read_load(row.drill)
    found = impact.measure(history.from_events((one.event for one in store.read(row.drill)), load=load))
    store.close()
    start = found.started.at if found.started else NAN
    end = found.ended.at if found.ended else NAN
    return Found(start=start, end=end), found.requests / max(found.seconds, 0.1), row.drill


def by_hand(path: Path, kind: str) -> Found:
    """Read Locust's history as a person does: the first row that is bad, and the first good one after it.

    Errors: the total of failures grew. Slow answers: the 95th percentile, which Locust takes over the
    last ten seconds, is above the threshold.
    """
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Name"] == "Aggregated"]
    if kind == "errors":
        totals = [int(row["Total Failure Count"]) for row in rows]
        bad = [after > before for before, after in zip([0, *totals], totals, strict=False)]
    else:
        bad = [row["95%"] not in ("", "N/A") and float(row["95%"]) > THRESHOLD for row in rows]
    if True not in bad:
        return Found(start=NAN, end=NAN)
    first, last = bad.index(True), len(bad) - 1 - bad[::-1].index(True)
    end = float(rows[last + 1]["Timestamp"]) if last + 1 < len(rows) else NAN
    return Found(start=float(rows[first]["Timestamp"]), end=end)


def journal(path: Path) -> Found:
    """Read when the action was called and when the rollback had ended."""
    text = json.loads(path.read_text())
    return Found(start=moment(text["run"][0]["start"]), end=moment(text["rollbacks"][-1]["end"]))


def moment(text: str) -> float:
    found = datetime.fromisoformat(text)
    return (
        found if found.tzinfo else found.replace(tzinfo=UTC)
    ).timestamp()  # 1.19 writes UTC without saying so


Source = Callable[[Drill], Found]
SOURCES: dict[str, Source] = {
    "gameday": lambda one: one.gameday,
    "by hand: Locust csv": lambda one: one.csv,
    "by hand: chaos journal": lambda one: one.journal,
}


def errors(drills: Sequence[Drill], source: Source, end: str) -> list[float]:
    """Give the errors in seconds, without sign; what was not seen at all is endless."""
    found = (abs(getattr(source(one), end) - getattr(one.truth, end)) for one in drills)
    return [float("inf") if error != error else error for error in found]  # noqa: PLR0124  # NaN


def rows(drills: Sequence[Drill]) -> list[list[str]]:
    """Make the table: for each kind and source, median, 95th percentile and maximum in milliseconds."""
    table = []
    for kind in dict.fromkeys(one.kind for one in drills):
        of_kind = [one for one in drills if one.kind == kind]
        for name, source in SOURCES.items():
            row = [f"{kind}: {name}", str(len(of_kind))]
            for end in ("start", "end"):
                found = errors(of_kind, source, end)
                figures = statistics.median(found), tables.percentile(found, 0.95), max(found)
                row += ["not seen" if math.isinf(one) else f"{one * 1000:,.0f}" for one in figures]
            table.append(row)
    return table


def play(kinds: Sequence[str], count: int) -> list[Drill]:
    drills = []
    with tempfile.TemporaryDirectory() as temporary, TruthServer() as server:
        folder = Path(temporary)
        workspace(folder, server.url, kinds)
        for number in range(count):
            began = time.monotonic()
            one = drill(folder, server, kinds[number % len(kinds)], number)
            if isinstance(one, str):
                print(f"{number + 1}/{count} {one}", flush=True)
                continue
            drills.append(one)
            start, end = (getattr(one.gameday, at) - getattr(one.truth, at) for at in ("start", "end"))
            print(
                f"{number + 1}/{count} {one.kind}: start {start * 1000:+.0f} ms, end {end * 1000:+.0f} ms, "
                f"{one.starts:.0f} starts/s during the fault, {time.monotonic() - began:.0f} s",
                flush=True,
            )
    return drills


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drills", type=int, default=25)
    parser.add_argument("--kinds", default="slow,errors,slow,errors,hang", help="played in turn")
    wanted = parser.parse_args()
    drills = play(wanted.kinds.split(","), wanted.drills)
    tables.show(
        "Truth of timing: error without sign, ms",
        ["fault: source", "drills", "start p50", "p95", "max", "recovery p50", "p95", "max"],
        rows(drills),
    )
    barred = [one for one in drills if one.kind != "hang"]
    starts = statistics.median(one.starts for one in barred)
    gameday = SOURCES["gameday"]
    tables.finish(
        [
            (
                "impact start, p95 of the error, s",
                tables.percentile(errors(barred, gameday, "start"), 0.95),
                "<=",
                BOUND,
            ),
            (
                "recovery, p95 of the error, s",
                tables.percentile(errors(barred, gameday, "end"), 0.95),
                "<=",
                BOUND,
            ),
            ("drills that failed", wanted.drills - len(drills), "<=", 0),
            ("requests/s that start during the fault", starts, ">=", 100),
        ]
    )


if __name__ == "__main__":
    main()
