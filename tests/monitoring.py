"""Debian's own Prometheus and Alertmanager, as ordinary processes on loopback, with files of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gameday.core.values import format_instant
from gameday.system import processes
from tests import ports

PACKAGES = {"prometheus": "prometheus", "prometheus-alertmanager": "prometheus-alertmanager"}


def needed(*binaries: str) -> None:
    """Skip a test where a binary is not installed; in CI it must be."""
    for binary in binaries:
        if shutil.which(binary) is None:
            reason = f"not installed: apt-get install {PACKAGES[binary]}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)


def wait(condition: Callable[[], Any], within: float = 60.0, why: Callable[[], Any] = str) -> Any:
    """Wait until a condition holds, and give what it gave."""
    end = time.monotonic() + within
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"not within {within} s {why()}"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


class Server:
    """A process that is ready once a URL of it answers."""

    argv: list[str]
    ready: str

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = ports.free()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self.folder / "log.txt").open("ab") as log:
            self.child = processes.start(self.argv, stdout=log, stderr=subprocess.STDOUT)
        wait(lambda: answers(self.ready), why=self.log)

    def log(self) -> str:
        return (self.folder / "log.txt").read_text(errors="replace")

    def stop(self) -> None:
        self.child.kill()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Alertmanager(Server):
    """One Alertmanager that sends to receivers by `webhook_configs`, as a user would write them.

    webhooks: each a mapping of `webhook_configs`. peers: URLs of the cluster's other members.
    """

    def __init__(self, folder: Path, *webhooks: dict[str, Any], peers: tuple[str, ...] = (),
                 cluster: int | None = None, **route: Any) -> None:  # fmt: skip
        super().__init__(folder)
        self.ready = f"{self.url}/-/ready"
        timing = {"group_wait": "200ms", "group_interval": "400ms", "repeat_interval": "1h"} | route
        config = {
            "route": {"receiver": "gameday", "group_by": ["service"], **timing},
            "receivers": [{"name": "gameday", "webhook_configs": list(webhooks)}],
        }
        (folder / "alertmanager.yml").write_text(json.dumps(config))
        self.argv = [
            "prometheus-alertmanager",
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            f"--cluster.listen-address={f'127.0.0.1:{cluster}' if cluster else ''}",
            *(f"--cluster.peer={peer}" for peer in peers),
        ]
        if cluster:
            self.argv += [
                "--cluster.peer-timeout=1s",
                "--cluster.settle-timeout=1s",
                "--cluster.gossip-interval=50ms",
            ]

    def fire(
        self, name: str, *, since: float | None = None, ends: float | None = None, **labels: str
    ) -> None:
        """Send an alert as Prometheus does."""
        now = time.time()
        alert = {
            "labels": {"alertname": name, **labels},
            "annotations": {"summary": f"{name} fires"},
            "startsAt": format_instant(now if since is None else since),
            "endsAt": format_instant(now + 300 if ends is None else ends),
            "generatorURL": "http://prometheus/graph",
        }
        request = urllib.request.Request(
            f"{self.url}/api/v2/alerts", json.dumps([alert]).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=5).close()

    def resolve(self, name: str, *, since: float, **labels: str) -> None:
        self.fire(name, since=since, ends=time.time(), **labels)


class Prometheus(Server):
    """One Prometheus that scrapes `target` and alerts by one rule."""

    def __init__(self, folder: Path, target: str, *alertmanagers: Alertmanager, rule: dict[str, Any]) -> None:
        super().__init__(folder)
        self.ready = f"{self.url}/-/ready"
        (folder / "rules.yml").write_text(
            json.dumps({"groups": [{"name": "g", "interval": "200ms", "rules": [rule]}]})
        )
        targets = [each.url.removeprefix("http://") for each in alertmanagers]
        config = {
            # A scrape may take as long as its interval: on a busy machine a shorter one finds nothing.
            "global": {"scrape_interval": "1s", "evaluation_interval": "200ms"},
            "rule_files": [str(folder / "rules.yml")],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": targets}]}]},
            "scrape_configs": [{"job_name": "service", "static_configs": [{"targets": [target]}]}],
        }
        (folder / "prometheus.yml").write_text(json.dumps(config))
        self.argv = [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--rules.alert.resend-delay=1s",
        ]


@contextmanager
def metrics(read: Callable[[], dict[str, float]] = dict) -> Iterator[tuple[str, dict[str, float]]]:
    """Serve values as Prometheus scrapes them: `HOST:PORT`, and the values by name, to change.

    read: gives values that are looked up at each scrape.
    """
    values = {"errors": 0.0}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            now = values | read()
            body = "".join(f"{name} {value}\n" for name, value in now.items()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", values
    server.shutdown()
    server.server_close()
