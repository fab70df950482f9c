"""Measure the embedded shop: time to up, memory, and what each fault does to users.

Run: `python bench/shop.py [SECONDS]` (default 12 for each row). Starts a shop on free ports in a temporary
folder, and Locust with experiments/load/shop.py, 40 users; prints a table, healthy and faulty in one run.
"""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import tables

from gameday.shop import client, faults, lifecycle, mitigations

ROOT = Path(__file__).resolve().parents[1]
LOCUST = Path(sys.executable).with_name("locust")
SETTLE = 4.0
UPS = 3


@dataclass(frozen=True)
class Row:
    """One line of the table: users' milliseconds, and their share of errors."""

    name: str
    requests: int
    p50: float
    p95: float
    checkout_p95: float
    errors: float
    alert: str


FAULTS: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
    "healthy": (lambda: None, lambda: None),
    "release 42-ranking": (
        lambda: faults.deploy_release("42-ranking"),
        lambda: faults.undeploy_release("42-ranking"),
    ),
    "replica killed": (faults.kill_replica, faults.revive_replicas),
    "release 42-sessions": (
        lambda: faults.deploy_release("42-sessions"),
        lambda: faults.undeploy_release("42-sessions"),
    ),
    "delay 300 ms at edge": (lambda: faults.delay_at_edge(0.3), faults.clear_edge),
    "abort 20 % at edge": (lambda: faults.abort_at_edge(20), faults.clear_edge),
    "payments take 1 s": (lambda: faults.slow_payments(1.0), faults.restore_payments),
}


def megabytes(status: dict) -> float:
    """Add up what the shop's processes hold in memory (resident, shared pages counted each time)."""
    folder = status["home"].encode()
    pages = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if folder in (entry / "cmdline").read_bytes():
                    pages += int((entry / "statm").read_text().split()[1])
            except OSError:
                continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def row(name: str, base_url: str, seconds: float, folder: Path) -> Row:
    """Put one fault into force under load, and measure users from SETTLE seconds on."""
    inject, revert = FAULTS[name]
    while client.get("/alerts")["alerts"]:
        time.sleep(0.2)
    inject_at = 2.0
    with subprocess.Popen(
        [
            LOCUST,
            "-f",
            folder / "users.py",
            "--headless",
            "-u",
            "40",
            "-r",
            "20",
            "--host",
            base_url,
            "--loglevel",
            "ERROR",
        ],
        cwd=folder,
        env={**os.environ, "SHOP_BENCH_CSV": str(folder / "requests.csv")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as load:
        time.sleep(SETTLE)
        time.sleep(inject_at)
        begin = time.time()
        inject()
        fired, alert = None, "–"
        while time.time() < begin + seconds:
            firing = client.get("/alerts")["alerts"]
            if firing and fired is None:
                fired = time.time() - begin
                alert = f"{firing[0]['labels']['alertname']} {fired:.1f} s"
            time.sleep(0.1)
        end = time.time()
        revert()
        load.terminate()
    with (folder / "requests.csv").open() as file:
        seen = [
            (each[0], float(each[1]), each[2] == "ok")
            for each in csv.reader(file)
            if begin + SETTLE < float(each[3]) < end
        ]
    times = [ms for _, ms, _ in seen]
    pay = [ms for request, ms, _ in seen if request == "POST /checkout"]
    wrong = 100 * sum(not ok for _, _, ok in seen) / len(seen)
    return Row(name, len(seen), statistics.median(times), percentile(times), percentile(pay), wrong, alert)


def percentile(values: list[float], share: float = 0.95) -> float:
    """Give the value that this share does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


USERS = """
import csv, os, time
from locust import events
exec(compile(open({path!r}).read(), {path!r}, "exec"))
out = open(os.environ["SHOP_BENCH_CSV"], "w", newline="")
writer = csv.writer(out)

@events.request.add_listener
def wrote(name, response_time, exception, start_time, **_):
    writer.writerow([name, response_time, "failed" if exception else "ok", start_time])
    out.flush()
"""


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 12.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["GAMEDAY_SHOP_HOME"] = str(folder / "home")
        (folder / "users.py").write_text(USERS.format(path=str(ROOT / "experiments/load/shop.py")))
        ups = []
        for _ in range(UPS):
            lifecycle.down()
            begin = time.monotonic()
            status = lifecycle.up(port_base=0)
            ups.append(time.monotonic() - begin)
        try:
            rows = [row(each, status["base_url"], seconds, folder) for each in FAULTS]
            mitigations.perform("reset")
            memory = megabytes(status)
        finally:
            lifecycle.down()
    head = f"{'40 users':<22}{'requests':>9}{'p50 ms':>8}{'p95 ms':>8}{'× p95':>7}{'checkout p95':>14}"
    print(f"{head}{'errors':>8}  first alert")
    for each in rows:
        ratio = each.p95 / rows[0].p95
        print(
            f"{each.name:<22}{each.requests:>9}{each.p50:>8.0f}{each.p95:>8.0f}{ratio:>7.1f}"
            f"{each.checkout_p95:>14.0f}{each.errors:>7.1f}%  {each.alert}"
        )
    tables.finish(
        [
            (f"seconds until it is up, at most of {UPS}", max(ups), "<=", 5.0),
            ("MB of all processes, after load", memory, "<=", 400.0),
        ]
    )


if __name__ == "__main__":
    main()
