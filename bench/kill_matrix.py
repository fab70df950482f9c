"""Kills what takes part in a held fault, at random moments, and counts what is left behind.

    python bench/kill_matrix.py [--kills 200] [--seed 1]

Prints a table by victim and signal: faults left, orphans, broken histories, drills not closed, and the
time from the death to the target's fault going off (median, 99th percentile). Moments lie at random in
the method, the hold and the rollbacks. A drill that nobody is left to close is closed as the next
gameday process would; `next` counts those. The last line is plain `chaos run` under the same signals.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gameday import ports, wiring  # noqa: E402
from gameday.conduct import reverting  # noqa: E402
from gameday.conduct.recorder import Recorder  # noqa: E402
from gameday.core import events as ev  # noqa: E402
from gameday.core import exposure  # noqa: E402
from gameday.core.errors import GamedayError  # noqa: E402
from gameday.faults.keeperclient import KeeperClient  # noqa: E402
from gameday.faults.ledger import ChildLedger  # noqa: E402
from gameday.system import processes  # noqa: E402
from gameday.system.clock import SystemClock  # noqa: E402
from gameday.system.ids import SystemIds  # noqa: E402
from tests.faults.building import HERE, experiment, fault_off, fault_on, python, request  # noqa: E402
from tests.faults.conductor import planned  # noqa: E402
from tests.faults.target import Target  # noqa: E402

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSTOP)
VICTIMS = (("conductor",), ("keeper",), ("chaoslib",), ("conductor", "keeper", "chaoslib", "standby"))
HOLD = 0.6
NAP = 0.4
SPAN = 2.2
"""Seconds after the injection within which the kill falls: method, hold, rollbacks."""


@dataclass
class Tally:
    kills: int = 0
    faults: int = 0
    orphans: int = 0
    broken: int = 0
    open: int = 0
    next: int = 0
    seconds: list[float] = field(default_factory=list)

    def row(self) -> str:
        times = sorted(self.seconds) or [0.0]
        last = times[min(len(times) - 1, int(len(times) * 0.99))]
        figures = (self.kills, self.faults, self.orphans, self.broken, self.open, self.next)
        cells = "".join(f"{figure:>9}" for figure in figures)
        return f"{cells}{statistics.median(times):>10.3f}{last:>9.3f}"


def made(url: str) -> dict:
    nap = python("nap", "nap", seconds=NAP)
    return experiment(url, method=[nap, fault_on(url), nap], rollbacks=[nap, fault_off(url), nap])


async def conduct(url: str, drill: str, folder: str, text: str) -> None:
    """Be a conductor: inject, hold, release, close; settle when the keeper is lost."""
    store, clock = wiring.store(url), SystemClock()
    pen = Recorder(store=store, clock=clock, ids=SystemIds(), drill=drill)
    pen.record(planned(drill))
    asked = request(text)
    keeper = KeeperClient(store_url=url, drill=drill, folder=Path(folder), cwd=Path(folder), warm=asked)
    await keeper.start()
    pen.record(asked)
    try:
        await keeper.inject(asked.fault)
        await wait_while(lambda: keeper.alive() and not has(store, drill, ev.FaultHeld, ev.FaultReverted))
        await asyncio.sleep(HOLD)
        await keeper.revert(asked.fault, "over", now=False)
        await wait_while(lambda: keeper.alive() and exposure.of(reverting.read(store, drill)))
    except GamedayError:
        pass
    lost = not keeper.alive()
    if lost:
        ledger = ChildLedger(drill)
        await reverting.settle(store, drill, ledger=ledger, clock=clock, closing="aborted")
        await ledger.close()
    await keeper.stop()
    if not has(store, drill, ev.DrillClosed):
        pen.record(ev.DrillClosed(how="completed", reverted=True))


async def wait_while(condition: Callable[[], object]) -> None:
    while condition():  # noqa: ASYNC110  # as the real conductor does
        await asyncio.sleep(0.05)


def has(store: ports.HistoryStore, drill: str, *kinds: type) -> bool:
    return any(isinstance(stored.event.fact, kinds) for stored in store.read(drill))


class Game:
    def __init__(self, folder: Path) -> None:
        self.target = Target()
        self.drill = f"matrix-{time.monotonic_ns()}"
        self.url, self.folder = f"sqlite:///{folder}/g.db", folder
        self.store = wiring.store(self.url)
        argv = [sys.executable, __file__, "--conduct", self.url, self.drill, str(folder)]
        self.conductor = processes.start([*argv, json.dumps(made(self.target.url))])

    def facts(self, kind: type) -> list[Any]:
        try:
            return [s.event.fact for s in self.store.read(self.drill) if isinstance(s.event.fact, kind)]
        except LookupError:
            return []

    def until(self, condition: Callable[[], object], within: float) -> bool:
        end = time.monotonic() + within
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.02)
        return False

    def identity(self, role: str) -> processes.Identity | None:
        found = [fact for fact in self.facts(ev.ProcessStarted) if fact.role == role]
        if not found:
            return None
        return processes.Identity(
            pid=found[-1].pid, started_ticks=found[-1].started_ticks, boot=found[-1].boot
        )

    def recover(self) -> None:
        ledger = ChildLedger(self.drill)

        async def settle() -> None:
            await reverting.settle(
                self.store, self.drill, ledger=ledger, clock=SystemClock(), by="command", closing="aborted"
            )
            await ledger.close()

        asyncio.run(settle())

    def end(self) -> None:
        self.conductor.kill()
        processes.sweep(self.drill)
        self.store.close()
        self.target.close()


def one(victims: tuple[str, ...], number: signal.Signals, moment: float, tally: Tally) -> None:
    with tempfile.TemporaryDirectory() as folder:
        game = Game(Path(folder))
        try:
            game.until(lambda: game.facts(ev.ActivityStarted), 30)
            time.sleep(moment)
            struck = [who for who in map(game.identity, victims) if who is not None]
            died, was_on = time.time(), game.target.on
            for who in struck:
                processes.send(who, number)
            closed = game.until(lambda: game.facts(ev.DrillClosed), 8 if len(victims) > 1 else 60)
            if not closed:
                tally.next += 1
                game.recover()
            game.until(lambda: game.conductor.poll() is not None, 10)
            game.until(lambda: not processes.marked(game.drill), 5)
            count(game, tally, died if was_on and closed else None)
        finally:
            game.end()


def count(game: Game, tally: Tally, died: float | None) -> None:
    tally.kills += 1
    tally.faults += int(game.target.on or bool(exposure.of(reverting.read(game.store, game.drill))))
    tally.orphans += len(processes.marked(game.drill))
    tally.broken += int(bool(game.store.verify(game.drill)))
    tally.open += int(not game.facts(ev.DrillClosed))
    if died is not None and game.target.times("off"):
        began = game.target.times("off")[0] - NAP  # the first rollback is a nap
        tally.seconds.append(max(0.0, began - died))


def peer(number: signal.Signals, moment: float) -> bool:
    """Do the same to plain `chaos run`; True when the fault was left in force."""
    target = Target()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "x.json").write_text(json.dumps(made(target.url)))
        chaos = Path(sys.executable).parent / "chaos"
        env = {**os.environ, "PYTHONPATH": HERE}
        run = subprocess.Popen(
            [chaos, "run", "x.json"], cwd=folder, env=env, stdout=-3, stderr=-3, start_new_session=True
        )
        end = time.monotonic() + 10
        while not target.times("on") and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(min(moment, 0.3))
        run.send_signal(number)
        time.sleep(3)
        run.kill()
        run.wait()
    target.close()
    return target.on


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", type=int, default=2)
    parser.add_argument("--conduct", nargs=4)
    given = parser.parse_args()
    if given.conduct:
        asyncio.run(conduct(*given.conduct))
        return
    chance = random.Random(given.seed)
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    cells = [(victims, number) for victims in VICTIMS for number in SIGNALS]
    for kill in range(given.kills):
        victims, number = cells[kill % len(cells)]
        name = victims[0] if len(victims) == 1 else "all"
        one(victims, number, chance.uniform(0, SPAN), tallies[name, number.name])
    print(
        f"{'victim':<11}{'signal':<9}{'kills':>9}{'faults':>9}{'orphans':>9}{'broken':>9}{'open':>9}{'next':>9}"
        f"{'median s':>10}{'p99 s':>9}"
    )
    for (name, number), tally in tallies.items():
        print(f"{name:<11}{number:<9}{tally.row()}", flush=True)
    for number in SIGNALS:
        left = sum(peer(number, chance.uniform(0, SPAN)) for _ in range(given.peers))
        print(f"{'chaos run':<11}{number.name:<9}{given.peers:>9}{left:>9}", flush=True)


if __name__ == "__main__":
    main()
