"""A workspace with a shop of its own that is up, and drills that were run in it, shared by all tests here."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from tests.paths import ROOT

CATALOGUE = ("experiments", "scenarios", "scorecards", "playbooks")


def eventually(holds, within=60.0):
    """Poll until something holds, and give it."""
    deadline = time.monotonic() + within
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.05)
    return found


@dataclass(frozen=True)
class Space:
    """A workspace on disk, and the command line in it."""

    root: Path

    @property
    def environment(self):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GAMEDAY_")}
        return {**kept, "PATH": path, "NO_COLOR": "1"}

    def start(self, *words, **options):
        """Start a command."""
        return subprocess.Popen(
            ["gameday", *words],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        )

    def call(self, *words, timeout=200):
        """Run a command to its end."""
        child = self.start(*words)
        try:
            out, err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGTERM)
            child.communicate(timeout=30)
            raise
        return subprocess.CompletedProcess(words, child.returncode, out, err)

    def trail(self, needle):
        """Give the shop's own record of the actions that hold some text."""
        actions = json.loads(self.call("shop", "trail", "--json").stdout)["actions"]
        return [action for action in actions if needle in action["action"]]

    def shorten(self, scenario, **phases):
        """Shorten a scenario's phases."""
        path = self.root / "scenarios" / f"{scenario}.yaml"
        text = path.read_text(encoding="utf-8")
        for name, value in phases.items():
            text, count = re.subn(rf"\b{name}: \w+", f"{name}: {value}", text)
            assert count == 1
        path.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Drill:
    """A drill that was run, as its user saw it."""

    space: Space
    code: int
    out: str
    err: str

    @cached_property
    def result(self):
        assert self.out, self.err
        return json.loads(self.out)

    @property
    def folder(self):
        return self.space.root / ".gameday" / "drills" / self.result["drill"]

    def at(self, milestone):
        """Give a milestone's RFC 3339 instant."""
        return self.result["milestones"][milestone]["at"]


def make_space(root):
    """Make a workspace from the catalogue, with its shop up on free ports."""
    for folder in CATALOGUE:
        shutil.copytree(ROOT / folder, root / folder)
    space = Space(root)
    shutil.copy(ROOT / "gameday.toml", root / "gameday.toml")
    up = json.loads(space.call("shop", "up", "--port-base", "0", "--json").stdout)
    text = (root / "gameday.toml").read_text(encoding="utf-8")
    text = text.replace("http://127.0.0.1:8080", up["base_url"]).replace(
        "http://127.0.0.1:8082", up["control"]
    )
    (root / "gameday.toml").write_text(text, encoding="utf-8")
    for scenario in ("api-latency-spike", "login-outage", "replica-crash"):
        space.shorten(scenario, baseline="8s", verify="4s")
    return space


@pytest.fixture(scope="session")
def space(tmp_path_factory):
    made = make_space(tmp_path_factory.mktemp("space"))
    yield made
    made.call("shop", "down")


@pytest.fixture(scope="session")
def drills(space):
    """Run each scenario of the catalogue once, the first time that a test asks for it."""
    done = {}

    def drill(scenario):
        if scenario not in done:
            space.call("shop", "reset")
            ended = space.call(
                "run",
                f"scenarios/{scenario}.yaml",
                "--responder",
                f"scenarios/responders/{scenario}.yaml",
                "--json",
            )
            done[scenario] = Drill(space, ended.returncode, ended.stdout, ended.stderr)
        return done[scenario]

    return drill
