"""Procrastinate, before anything is built on it: what it promises while processes and the server die.

Two hosts' worth of worker processes on one PostgreSQL server; jobs under ten locks, one for each
environment. Workers are killed (SIGKILL) at random and started anew, and the server is stopped at once and
started again. Measured: how soon a job starts, whether two jobs of one lock ever ran at a time, how often
one ran more than once, whether any was lost, and what an idle worker costs.

A worker that was killed leaves its job `doing` and its lock held; each worker therefore hands such jobs out
again once their worker's heartbeat is old. That is what `gameday worker` does, too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import procrastinate
import tables

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.postgresql import PostgreSQL  # the tests' own server, from the checkout's root

HEARTBEAT, STALLED, LASTS = 2.0, 6.0, 0.2
ENVIRONMENTS = 10


# --- one worker process ---


def app_of(dsn: str, record: Path) -> procrastinate.App:
    """Make the app and its one task: it records when it begins and ends."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=dsn, min_size=1, max_size=3))

    @app.task(name="drill", retry=True)
    async def drill(number: int, environment: str, deferred: float) -> None:
        note(record, {"n": number, "e": environment, "d": deferred, "at": time.time(), "pid": os.getpid()})
        await asyncio.sleep(LASTS)
        note(record, {"n": number, "e": environment, "end": time.time(), "pid": os.getpid()})

    return app


def note(record: Path, what: dict) -> None:
    descriptor = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (json.dumps(what) + "\n").encode())
    os.close(descriptor)


async def work(dsn: str, record: Path) -> None:
    """Work until stopped; begin anew when the server went away."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    while not stopping.is_set():
        app = app_of(dsn, record)
        try:
            async with app.open_async():
                await until_it_ends(app, stopping)
        except Exception as error:  # noqa: BLE001  # what it raises is what is measured
            note(record, {"error": type(error).__name__, "at": time.time()})
            await asyncio.sleep(0.5)


async def until_it_ends(app: procrastinate.App, stopping: asyncio.Event) -> None:
    working = asyncio.create_task(
        app.run_worker_async(
            concurrency=5, install_signal_handlers=False, update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=STALLED, fetch_job_polling_interval=2.0,
        )
    )  # fmt: skip
    handing = asyncio.create_task(hand_out_again(app))
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait((working, handing, stop), return_when=asyncio.FIRST_COMPLETED)
    for task in (handing, stop, working):
        task.cancel()
    done = await asyncio.gather(working, handing, return_exceptions=True)
    for error in done:
        if isinstance(error, Exception):
            raise error


async def hand_out_again(app: procrastinate.App) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT)
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
            await app.job_manager.retry_job(job)


# --- the measurement ---


@dataclass(kw_only=True)
class Seen:
    """What the workers recorded."""

    starts: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    ends: Counter[int] = field(default_factory=Counter)
    waited: dict[int, float] = field(default_factory=dict)
    overlaps: int = 0
    errors: Counter[str] = field(default_factory=Counter)


def start_worker(dsn: str, record: Path) -> subprocess.Popen:
    argv = [sys.executable, __file__, "--work", dsn, str(record)]
    return subprocess.Popen(argv, stderr=subprocess.DEVNULL)


async def defer(dsn: str, record: Path, jobs: int, gap: float) -> None:
    """Defer the jobs, each once, at a steady pace; the server may be away."""
    for number in range(jobs):
        environment = f"e{number % ENVIRONMENTS}"
        while True:
            app = app_of(dsn, record)
            try:
                async with app.open_async():
                    await app.configure_task(
                        "drill", lock=environment, queueing_lock=f"job {number}"
                    ).defer_async(number=number, environment=environment, deferred=time.time())
                    break
            except Exception:  # noqa: BLE001  # away: again
                await asyncio.sleep(0.2)
        await asyncio.sleep(gap)


def trouble(
    server: PostgreSQL, dsn: str, record: Path, workers: list, *, seconds: float
) -> tuple[int, list[float]]:
    """Kill workers, and stop the server once, while jobs come in."""
    chance, begin, killed, restarted = random.Random(1), time.time(), 0, False
    outage: list[float] = []
    while time.time() < begin + seconds:
        time.sleep(chance.uniform(2, 4))
        place = chance.randrange(len(workers))
        workers[place].kill()
        workers[place].wait()
        workers[place] = start_worker(dsn, record)
        killed += 1
        if not restarted and time.time() > begin + seconds / 2:
            restarted = True
            outage.append(time.time())
            server.stop(signal.SIGQUIT)
            time.sleep(2)
            server.start()
            outage.append(time.time())
    return killed, outage


def read(record: Path) -> Seen:
    """Read what the workers recorded; a run without an end is over when its process is killed."""
    seen = Seen()
    running: dict[str, tuple[int, int]] = {}
    for line in record.read_text().splitlines():
        what = json.loads(line)
        if "error" in what:
            seen.errors[what["error"]] += 1
        elif "end" in what:
            seen.ends[what["n"]] += 1
            running.pop(what["e"], None)
        else:
            seen.starts[what["n"]].append(what["at"])
            seen.waited.setdefault(what["n"], what["at"] - what["d"])
            holds = running.get(what["e"])
            seen.overlaps += holds is not None and Path(f"/proc/{holds[1]}").exists()
            running[what["e"]] = (what["n"], what["pid"])
    return seen


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def measure(jobs: int, seconds: float) -> None:
    """Measure calm, idle, and troubled times."""
    server = PostgreSQL()
    folder = Path(tempfile.mkdtemp())
    try:
        dsn = server.url().replace("+psycopg", "")
        app = app_of(dsn, folder / "none")
        asyncio.run(apply(app))
        workers = [start_worker(dsn, folder / "calm") for _ in range(4)]
        time.sleep(4)
        before = sum(ticks(one.pid) for one in workers)
        time.sleep(10)
        idle = (sum(ticks(one.pid) for one in workers) - before) / os.sysconf("SC_CLK_TCK") / 10 / 4
        asyncio.run(defer(dsn, folder / "none", jobs // 3, 0.1))
        time.sleep(3)
        calm = read(folder / "calm")
        for one in workers:
            one.terminate()
            one.wait(30)
        workers = [start_worker(dsn, folder / "storm") for _ in range(4)]
        deferring = subprocess.Popen(
            [sys.executable, __file__, "--defer", dsn, str(folder / "none"), str(jobs), str(seconds / jobs)]
        )
        killed, outage = trouble(server, dsn, folder / "storm", workers, seconds=seconds)
        deferring.wait(120)
        deadline = time.time() + 60
        while time.time() < deadline and len(read(folder / "storm").ends) < jobs:
            time.sleep(1)
        storm = read(folder / "storm")
        for one in workers:
            one.kill()
            one.wait()
    finally:
        server.remove()
    report(calm, storm, jobs, killed=killed, outage=outage, idle=idle)


async def apply(app: procrastinate.App) -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


def report(calm: Seen, storm: Seen, jobs: int, *, killed: int, outage: list[float], idle: float) -> None:
    quiet, rough = list(calm.waited.values()), list(storm.waited.values())
    back = [at - outage[1] for starts in storm.starts.values() for at in starts if outage and at > outage[1]]
    rows = [
        ["jobs", f"{len(quiet)}", f"{jobs}"],
        ["start after deferring, median, s", f"{tables.percentile(quiet, 0.5):.3f}",
         f"{tables.percentile(rough, 0.5):.3f}"],
        ["99th percentile, s", f"{tables.percentile(quiet, 0.99):.3f}",
         f"{tables.percentile(rough, 0.99):.3f}"],
        ["longest, s", f"{max(quiet):.3f}", f"{max(rough):.3f}"],
        ["workers killed", "0", f"{killed}"],
        ["jobs that ran more than once", f"{sum(len(all_) > 1 for all_ in calm.starts.values())}",
         f"{sum(len(all_) > 1 for all_ in storm.starts.values())}"],
        ["two of one lock at a time", f"{calm.overlaps}", f"{storm.overlaps}"],
        ["lost", "0", f"{jobs - len(storm.ends)}"],
        ["first start after the server's return, s", "", f"{min(back):.2f}" if back else ""],
        ["errors that workers began anew for", "", ", ".join(f"{n} {e}" for e, n in storm.errors.items())],
        ["idle worker, share of a core", f"{idle:.4f}", ""],
    ]  # fmt: skip
    tables.show("Procrastinate: four workers, ten locks", ["what", "calm", "killed and restarted"], rows)
    tables.finish(
        [
            ("jobs lost", jobs - len(storm.ends), "<=", 0),
            ("two of one lock at a time", storm.overlaps, "<=", 0),
            ("idle worker, share of a core", idle, "<=", 0.01),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--defer", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        asyncio.run(work(options.work[0], Path(options.work[1])))
    elif options.defer:
        dsn, record, jobs, gap = options.defer
        asyncio.run(defer(dsn, Path(record), int(jobs), float(gap)))
    else:
        measure(options.jobs, options.seconds)


if __name__ == "__main__":
    main()
