"""A workspace whose fault is a file in the way: it needs no target, and anybody can see whether it is in force."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.paths import ROOT

SETTINGS = """[environments.here]
[environments.here.policy]
providers = ["process:/usr/bin/touch", "process:/usr/bin/rm"]
"""
SCENARIO = """scenario: {name}
title: A file is in the way
environment: here
experiment: ../experiments/file.json
hold: {hold}
objectives: {{detect: 1m, contain: 1m, recover: 1m}}
phases: {{baseline: 200ms, onset: 50s, response: 50s, verify: 200ms}}
"""
RESPONDER = """responder: bot
as: automation
steps:
- {do: {ack: true}}
- {do: {declare: {severity: P3}}}
- {do: {mark: contained}}
- {do: {mark: recovered}}
"""


def process(name, path, *arguments):
    provider = {"type": "process", "path": f"/usr/bin/{path}", "arguments": list(arguments)}
    return {"type": "action", "name": name, "provider": provider}


EXPERIMENT = {
    "title": "A file is in the way",
    "description": "d",
    "method": [process("put it there", "touch", "in-the-way")],
    "rollbacks": [process("take it away", "rm", "-f", "in-the-way")],
}


class Checkout:
    """A job's checkout with a workspace, and the commands of a job in it."""

    def __init__(self, root):
        self.root = root
        for folder in ("experiments", "scenarios/responders", "scorecards", "playbooks"):
            (root / folder).mkdir(parents=True)
        shutil.copytree(ROOT / "scorecards", root / "scorecards", dirs_exist_ok=True)
        (root / "gameday.toml").write_text(SETTINGS)
        (root / "experiments" / "file.json").write_text(json.dumps(EXPERIMENT))
        for name, hold in (("short", "1s"), ("held", "40s")):
            (root / "scenarios" / f"{name}.yaml").write_text(SCENARIO.format(name=name, hold=hold))
            (root / "scenarios" / "responders" / f"{name}.yaml").write_text(RESPONDER)

    @property
    def fault(self):
        return self.root / "in-the-way"

    def start(self, *words, **variables):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GAMEDAY_", "GITHUB_", "CI_"))}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.Popen(
            words,
            cwd=self.root,
            env={**kept, "PATH": path, "NO_COLOR": "1", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def call(self, *words, timeout=120, **variables):
        """Run a command to its end; give its exit code and what it said."""
        child = self.start(*words, **variables)
        said, _ = child.communicate(timeout=timeout)
        return child.returncode, said

    def until(self, holds, within=60.0):
        deadline = time.monotonic() + within
        while not holds():
            assert time.monotonic() < deadline, "it did not come to hold in time"
            time.sleep(0.02)

    def lose_power(self):
        """Kill every process that works here, all at once, as when a runner goes away."""
        held: set[int] = set()
        while fresh := {*self._pids()} - held - {os.getpid()}:  # one may start another before it is held
            for pid in fresh:
                _send(pid, signal.SIGSTOP)
            held |= fresh
        for pid in held:
            _send(pid, signal.SIGKILL)
        self.until(lambda: not self._pids())

    def _pids(self):
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if entry.joinpath("cwd").readlink() == self.root and _lives(entry):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found


def _send(pid, number):
    with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
        os.kill(pid, number)


def _lives(entry):
    return entry.joinpath("stat").read_text().rpartition(")")[2].split()[0] not in "ZX"


@pytest.fixture
def checkout(tmp_path):
    made = Checkout(tmp_path / "work")
    yield made
    made.lose_power()
