"""The README, followed word for word in a clean clone: every block of commands in it is run here.

Only two things differ: the clone uses the virtual environment that these tests run in, and the
scenarios have shorter phases and fewer users. `make test` is not run inside itself: make only tells
what it would do.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.paths import ROOT

BLOCK = re.compile(r"^```sh *([a-z0-9-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("GAMEDAY_", "MAKE"))},
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "NO_COLOR": "1",
}
ENVIRONMENT.pop("MFLAGS", None)


def block(first):
    """Give the block that begins with a command."""
    return next(text for _, text in BLOCKS if text.startswith(first))


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme") / "gameday"
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    for name in filter(None, tracked.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    (folder / ".venv").symlink_to(Path(sys.executable).parents[1])
    for name in ("requirements.lock", "pyproject.toml"):  # older than the environment: nothing to install
        os.utime(folder / name, (0, 0))
    for scenario in (folder / "scenarios").glob("*.yaml"):
        text = scenario.read_text(encoding="utf-8")
        text = re.sub(r"\bbaseline: 30s", "baseline: 8s", text)
        text = re.sub(r"\bverify: 30s", "verify: 5s", text)
        text = re.sub(
            r"\busers: 40", "users: 32", text
        )  # a busy machine has no room for 40; 24 hardly feel it
        scenario.write_text(text, encoding="utf-8")
    yield folder
    subprocess.run(["gameday", "shop", "down"], cwd=folder, env=ENVIRONMENT, check=False)


def bash(text, folder, make="", timeout=200):
    """Run a block as a person's shell would, stopping at the first command that fails."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        env={**ENVIRONMENT, "MAKEFLAGS": make},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def worked(ended):
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended


def test_every_block_of_the_readme_is_run_by_a_test_here():
    run = tuple(re.findall(r'block\("([^"]+)"\)', Path(__file__).read_text(encoding="utf-8")))
    assert [text for _, text in BLOCKS if not text.startswith(run)] == []


@pytest.mark.e2e
def test_make_demo_runs_a_drill_and_leaves_a_postmortem(clone):
    ended = worked(bash(block("make demo"), clone))
    assert "recovered" in ended.stdout
    assert list(clone.glob(".gameday/drills/*/postmortem.html"))


def test_make_test_runs_checks_and_tests(clone):
    ended = worked(bash(block("make test"), clone, make="n"))
    assert all(word in ended.stdout for word in ("ruff check", "mypy", "lint-imports", "pytest"))


@pytest.mark.e2e
def test_a_first_drill_as_responder_in_two_terminals(clone):
    activate = block(". .venv/bin/activate")
    first = subprocess.Popen(
        ["bash", "-euc", activate + block("gameday run scenarios/api-latency-spike.yaml")],
        cwd=clone,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for_alert(clone, first)
        worked(bash(activate + block("gameday ack"), clone))
        out, _ = first.communicate(timeout=120)
    finally:
        first.kill()
    assert first.returncode == 0, out
    assert "recovered" in out
    worked(bash(activate + block("gameday show"), clone))


def wait_for_alert(clone, drill):
    deadline = time.monotonic() + 90
    while drill.poll() is None and time.monotonic() < deadline:
        answer = bash("gameday status --json", clone).stdout
        if any(view["alerts"] for view in json.loads(answer or "[]")):
            return
        time.sleep(0.3)
    drill.kill()
    pytest.fail(f"no alert was received:\n{drill.communicate()[0]}")


@pytest.mark.e2e
def test_a_new_workspace_is_valid_and_its_drill_prints_its_result(clone):
    made = worked(bash(block("gameday init my-drills"), clone))
    assert "files: no mistakes" in made.stdout + made.stderr
    ended = worked(bash(block("gameday run scenarios/replica-crash.yaml"), clone))
    assert json.loads(ended.stdout)["recovered_by"] == "automation"
