"""Three daemons on one PostgreSQL server, killed and stopped at random, while 500 drills fall due.

Each drill must start exactly once. Two witnesses: a process of every `gameday run` leaves a line as it begins
(`sitecustomize` on its path, so that nothing of gameday is asked), and the store's own records. Daemons get
SIGKILL, SIGTERM, or SIGSTOP for up to 40 s, longer than a claim lasts; the server is stopped at once in the
middle. What starts is `gameday run` of a scenario that isn't there: what is measured ends where it begins.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import tables

sys.path.insert(0, str(Path(__file__).parent.parent))
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Kind, Record, Schedule, ScheduleId, State
from gameday.core.values import format_instant, instant
from gameday.formats.calendar import recurrence
from gameday.ports import ScheduleRow, ScheduleStore
from gameday.storage import open_schedules
from tests.postgresql import PostgreSQL  # the tests' own server, from the checkout's root

WITNESS = """
import json, os, sys, time
module = sys.orig_argv.index("-m") + 1 if "-m" in sys.orig_argv else 0
if sys.orig_argv[module : module + 2] == ["gameday", "run"]:
    line = json.dumps({"schedule": os.environ["GAMEDAY_ACTOR"].removeprefix("schedule "), "at": time.time()})
    witness = os.open(os.environ["WITNESS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(witness, (line + "\\n").encode())
    os.close(witness)
"""
PLACES = 50


@dataclass(kw_only=True)
class Fleet:
    """The daemons, and what was done to them."""

    folder: Path
    url: str
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    asleep: dict[int, float] = field(default_factory=dict)

    def start(self) -> subprocess.Popen[bytes]:
        """Start a daemon, as on a host of its own."""
        env = {**os.environ, "PYTHONPATH": str(self.folder), "WITNESS": str(self.folder / "starts")}
        env["GAMEDAY_STORE_URL"] = self.url
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "gameday", "serve"], cwd=self.folder, env=env, stderr=said
            )

    def trouble(self, chance: random.Random) -> None:
        """Do something to one of them."""
        number = chance.randrange(len(self.daemons))
        daemon = self.daemons[number]
        if daemon.pid in self.asleep:
            return
        what = chance.choice(("killed", "ended", "stopped for a while"))
        self.done[what] += 1
        if what == "stopped for a while":
            daemon.send_signal(signal.SIGSTOP)
            self.asleep[daemon.pid] = time.time() + chance.choice((2, 10, 25, 40))
            return
        daemon.send_signal(signal.SIGKILL if what == "killed" else signal.SIGTERM)
        self.daemons[number] = self.start()

    def supervise(self) -> None:
        """Start those again that ended by themselves, as a supervisor does: one that found no store does."""
        for number, daemon in enumerate(self.daemons):
            if daemon.poll() is not None:
                self.done["started again by their supervisor"] += 1
                self.daemons[number] = self.start()

    def wake(self, *, everybody: bool = False) -> None:
        """Let those go on whose time has come."""
        for pid, until in list(self.asleep.items()):
            if everybody or time.time() >= until:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
                del self.asleep[pid]


def add(store: ScheduleStore, number: int, at: float) -> tuple[ScheduleId, float]:
    """Let one drill fall due."""
    when = instant(float(int(at)))
    rule = recurrence.parse(
        Kind.RRULE, "FREQ=DAILY;COUNT=1", "UTC", recurrence.local_start(format_instant(when), "UTC")
    )
    one = Schedule(
        schedule=ScheduleId(f"due{number}"), scenario="none.yaml", environment=f"e{number % PLACES}",
        recurrence=rule, seed="",
    )  # fmt: skip
    store.add(ScheduleRow(schedule=one, position=schedules.position(one, when)))
    return one.schedule, when


def run(seconds: float, due: int, seed: int) -> int:
    """Let it all happen; give how many things were wrong."""
    chance = random.Random(seed)
    server = PostgreSQL()
    folder = Path(tempfile.mkdtemp(prefix="gd-daemons-"))
    (folder / "gameday.toml").write_text("")
    (folder / "sitecustomize.py").write_text(WITNESS)
    fleet = Fleet(folder=folder, url=server.url())
    try:
        with_store = open_schedules(fleet.url)
        begin = time.time() + 20
        names = [add(with_store, number, begin + number * seconds / due) for number in range(due)]
        with_store.close()
        fleet.daemons = [fleet.start() for _ in range(3)]
        torment(fleet, server, begin, seconds, chance)
        records = settled(fleet, names)
    finally:
        fleet.wake(everybody=True)
        for daemon in fleet.daemons:
            daemon.kill()
            daemon.wait()
        server.remove()
    return judge(fleet, names, records)


def torment(fleet: Fleet, server: PostgreSQL, begin: float, seconds: float, chance: random.Random) -> None:
    """Trouble a daemon every few seconds, and the server once."""
    restarted = False
    while time.time() < begin + seconds:
        time.sleep(chance.uniform(2, 8))
        fleet.wake()
        fleet.supervise()
        fleet.trouble(chance)
        if not restarted and time.time() > begin + seconds / 2:
            restarted = True
            fleet.done["server stopped at once"] += 1
            server.stop(signal.SIGQUIT)
            time.sleep(3)
            server.start()


def settled(fleet: Fleet, names: list[tuple[ScheduleId, float]]) -> dict[str, Record]:
    """Wait until everything that fell due has come to an end; give the records."""
    fleet.wake(everybody=True)
    fleet.supervise()
    deadline = time.time() + 180
    store = open_schedules(fleet.url)
    found: dict[str, Record] = {}
    while time.time() < deadline:
        found = {record.schedule: record for record in store.records(most=10_000)}
        if len(found) == len(names) and all(
            record.state in {State.ENDED, State.MISSED} for record in found.values()
        ):
            break
        time.sleep(1)
    store.close()
    return found


def judge(fleet: Fleet, names: list[tuple[ScheduleId, float]], records: dict[str, Record]) -> int:
    """Compare the two witnesses."""
    lines = [json.loads(line) for line in (fleet.folder / "starts").read_text().splitlines()]
    starts = Counter(line["schedule"] for line in lines)
    first = {line["schedule"]: line["at"] for line in reversed(lines)}
    late = [first[name] - at for name, at in names if name in first]
    states = Counter(f"{record.state} {record.reason}".strip() for record in records.values())
    wrong = {
        "started more than once": sum(count > 1 for count in starts.values()),
        "without a record": len(names) - len(records),
        "not settled": sum(record.state in {State.CLAIMED, State.STARTED} for record in records.values()),
        "ended, though it never started": sum(
            record.state is State.ENDED and not starts[name] and record.exit_code != -signal.SIGTERM
            for name, record in records.items()
        ),
        "missed, though it started": sum(
            record.state is State.MISSED and starts[name] > 0 for name, record in records.items()
        ),
    }
    rows = [["due", f"{len(names)}"], ["started exactly once", f"{sum(n == 1 for n in starts.values())}"]]
    rows += [[state, f"{count}"] for state, count in states.most_common()]
    rows += [[f"daemons {what}" if "server" not in what else what, f"{n}"] for what, n in fleet.done.items()]
    rows += [["began late, median, s", f"{tables.percentile(late, 0.5):.2f}"],
             ["99th percentile, s", f"{tables.percentile(late, 0.99):.2f}"],
             ["longest, s", f"{max(late):.2f}"]]  # fmt: skip
    tables.show("Three daemons on one PostgreSQL server", ["what", "count"], rows)
    for said, count in wrong.items():
        if count:
            print(f"WRONG  {said}: {count}")
    aborted = {name for name, record in records.items() if record.exit_code == -signal.SIGTERM}
    print(f"{len(aborted)} were begun and aborted by their daemon's stop, some before their first line")
    missing = [name for name, _ in names if starts[name] != 1 and name not in aborted]
    for name in missing[:10]:
        print(f"  {name}: {records.get(name)}")
    return sum(wrong.values()) + len(missing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--due", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wrong = run(options.seconds, options.due, options.seed)
    tables.finish([("due drills that did not start exactly once, and other wrongs", wrong, "<=", 0)])


if __name__ == "__main__":
    main()
