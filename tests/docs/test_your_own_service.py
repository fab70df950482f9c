"""The tutorial, followed word for word: its files, its commands, a real Prometheus and Alertmanager.

Only the virtual environment differs: it is this one. bench/first_day.py makes the page's own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.docs import followed
from tests.paths import ROOT

PAGE = followed.Page(ROOT / "docs" / "how-to" / "your-own-service.md")
ENVIRONMENT = followed.environment()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first-day") / "my-drills"
    initialise = next(line for line in PAGE.commands("install") if line.startswith("gameday init"))
    followed.typed(initialise.replace("../my-drills", str(folder)), folder.parent, ENVIRONMENT)
    PAGE.write_files(folder)
    return folder


@pytest.fixture(scope="module")
def services(workspace):
    assert shutil.which("prometheus-alertmanager"), "apt install prometheus prometheus-alertmanager"
    terminal = followed.left_running(
        PAGE.blocks["services"], workspace, ENVIRONMENT, workspace.parent / "services.log"
    )
    yield
    os.killpg(terminal.pid, signal.SIGKILL)
    terminal.wait()


def test_each_block_has_a_test_or_a_bench():
    used = set(re.findall(r'(?:blocks\["|commands\(")([\w-]+)"', Path(__file__).read_text(encoding="utf-8")))
    assert set(PAGE.blocks) == used


def test_a_first_day_takes_twenty_commands_at_most():
    assert sum(len(PAGE.commands(name)) for name in PAGE.blocks) <= 20


def test_no_file_has_a_mistake_and_the_drill_could_start(workspace):
    validate, dry_run = PAGE.commands("look")
    followed.typed(f"{validate} --strict", workspace, ENVIRONMENT)
    assert "policy: all" in followed.typed(dry_run, workspace, ENVIRONMENT)


@pytest.mark.e2e
@pytest.mark.usefixtures("services")
def test_the_alert_detects_and_the_team_recovers(workspace):
    output = workspace.parent / "drill.log"
    drill = followed.left_running(PAGE.blocks["terminal-1"], workspace, ENVIRONMENT, output)
    try:
        wait_for_the_alert(workspace, drill, output)
        for line in PAGE.commands("terminal-2"):
            followed.typed(line, workspace, ENVIRONMENT)
        drill.wait(timeout=120)
    finally:
        followed.typed("gameday revert --all", workspace, ENVIRONMENT)
    assert "recovered" in output.read_text(encoding="utf-8")
    assert "# Postmortem: No quotes" in followed.typed(PAGE.blocks["postmortem"], workspace, ENVIRONMENT)
    (file,) = workspace.glob(".gameday/drills/*/result.json")
    result = json.loads(file.read_text(encoding="utf-8"))
    assert (result["outcome"], result["recovered_by"]) == ("recovered", "team")
    assert (result["alerts"]["missing"], result["alerts"]["not_due"]) == ([], [])
    assert result["score"]["verdict"] == "passed"


def wait_for_the_alert(workspace: Path, drill: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and drill.poll() is None:
        views = json.loads(followed.typed("gameday status --json", workspace, ENVIRONMENT) or "[]")
        if any(view["alerts"] for view in views):
            return
        time.sleep(0.3)
    pytest.fail(output.read_text(encoding="utf-8"))
