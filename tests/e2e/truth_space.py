"""A workspace of a few files around a truth server, for drills of a few seconds."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

USERS = """
from locust import FastHttpUser, constant_throughput, task


class User(FastHttpUser):
    wait_time = constant_throughput(5)

    @task
    def root(self):
        self.client.get("/")
"""
SETTINGS = """
[environments.truth]
base_url = "{url}"

[environments.truth.policy]
providers = ["python:gameday.testing.truth.*", "python:canaries.*", "http:http://127.0.0.1:*"]
hosts = ["127.0.0.1"]
"""
SCENARIO = {
    "scenario": "quick",
    "title": "The server fails",
    "environment": "truth",
    "responders": "none",
    "experiment": "../experiments/quick.json",
    "hold": "2s",
    "load": {"locustfile": "../experiments/users.py", "users": 10, "spawn_rate": 100},
    "slos": [{"slo": "users", "latency": "300ms", "objective": "95%", "window": "2s", "min_requests": 5}],
    "objectives": {"detect": "5s", "contain": "10s", "recover": "20s"},
    "phases": {"baseline": "2s", "onset": "5s", "response": "60s", "verify": "1s"},
    "scorecard": "../scorecards/quick.yaml",
}
SCORECARD = """
scorecard: quick
version: 1
criteria:
  - {criterion: time-to-recover, phase: recover, weight: 1, measure: recover, target: 1x, limit: 3x}
"""


def activity(sort, name, function, module="gameday.testing.truth", **arguments):
    provider = {"type": "python", "module": module, "func": function, "arguments": arguments}
    return {"type": sort, "name": name, "provider": provider}


def experiment(url, **more):
    return {
        "version": "1.0.0",
        "title": "Users are well although the server fails",
        "description": "They are not.",
        "method": [activity("action", "turn it on", "order", url=url, kind="errors")],
        "rollbacks": [activity("action", "turn it off", "order", url=url, kind="off")],
        "extensions": [
            {"name": "gameday", "still-exposed": activity("probe", "is it on", "exposed", url=url)}
        ],
        **more,
    }


@dataclass
class TruthSpace:
    """The workspace and its command line. `env` adds to the commands' environment."""

    root: Path
    env: dict = field(default_factory=dict)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")

    def lay_out(self, url, *, settings=SETTINGS, users=USERS, made=None, **scenario):
        self.write("gameday.toml", settings.format(url=url))
        self.write("experiments/users.py", users)
        self.write("experiments/quick.json", made or experiment(url))
        self.write("scorecards/quick.yaml", SCORECARD)
        self.write("scenarios/quick.yaml", {**SCENARIO, **scenario})
        return self

    @property
    def drills(self):
        return self.root / ".gameday" / "drills"

    @property
    def database(self):
        return self.root / ".gameday" / "gameday.db"

    def start(self, *words, output=subprocess.PIPE, **options):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GAMEDAY_")}
        return subprocess.Popen(
            ["gameday", *words],
            cwd=self.root,
            env={**kept, "PATH": path, "NO_COLOR": "1", **self.env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
            start_new_session=True,
            **options,
        )

    def run(self, *words, **options):
        return self.start("run", "scenarios/quick.yaml", "--yes", "--json", *words, **options)


def finish(child, within=180):
    """Wait for a command's end; a drill that does not end is told to, so that its fault is undone."""
    try:
        out, err = child.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=30)
        raise
    return subprocess.CompletedProcess(child.args, child.returncode, out, err)
