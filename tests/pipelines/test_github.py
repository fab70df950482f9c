"""action.yml, run as a GitHub runner runs it: node, inputs and files in variables, a post step in any case."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.pipelines.conftest import ROOT
from tests.render import junit_schema

pytestmark = pytest.mark.e2e
ACTION = YAML(typ="safe").load(ROOT / "action.yml")
MAIN, POST = ROOT / ACTION["runs"]["main"], ROOT / ACTION["runs"]["post"]


@pytest.fixture(scope="session")
def node():
    found = shutil.which("node")
    if found is None:
        reason = "the action's scripts need node: apt-get install nodejs"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class Runner:
    """The part of a GitHub runner that an action sees."""

    def __init__(self, node, checkout, folder):
        self.node, self.checkout = node, checkout
        self.files = {
            name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
        }
        for file in self.files.values():
            file.touch()

    def main(self, **inputs):
        defaults = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()}
        given = {**defaults, **{name.replace("_", "-"): value for name, value in inputs.items()}}
        variables = {f"INPUT_{name.upper()}": value for name, value in given.items()}
        return self.checkout.start(self.node, str(MAIN), **self._common(), **variables)

    def post(self):
        state = {f"STATE_{name}": value for name, value in self._read("GITHUB_STATE").items()}
        return self.checkout.call(self.node, str(POST), **self._common(), **state)

    @property
    def outputs(self):
        return self._read("GITHUB_OUTPUT")

    @property
    def summary(self):
        return self.files["GITHUB_STEP_SUMMARY"].read_text()

    def _common(self):
        files = {name: str(file) for name, file in self.files.items()}
        return {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(self.checkout.root), "CI": "true", **files}

    def _read(self, name):
        lines = self.files[name].read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def runner(node, checkout, tmp_path):
    return Runner(node, checkout, tmp_path)


def stub(checkout, *lines):
    """Put a stand-in for gameday into the checkout; give its path."""
    file = checkout.root / "stub"
    file.write_text("\n".join(["#!/bin/sh", *lines]))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


def test_the_scripts_read_the_inputs_that_are_declared_and_no_others():
    source = MAIN.read_text()
    options = re.search(r"OPTIONS = \[(.*)\]", source).group(1)
    read = set(re.findall(r"input\('([a-z-]+)'\)", source)) | set(re.findall(r"'([a-z-]+)'", options))
    assert read == set(ACTION["inputs"])
    assert set(re.findall(r"setOutput\('([a-z-]+)'", source)) == set(ACTION["outputs"])


def test_the_post_step_runs_whatever_became_of_the_job():
    assert (ACTION["runs"]["post-if"], POST.is_file()) == ("always()", True)


def test_inputs_become_words(runner, checkout):
    (checkout.root / "before").mkdir()
    gameday = stub(checkout, 'printf "%s\\n" "$@"')
    child = runner.main(
        scenarios="scenarios/*.yaml\nscenarios/none-*.yaml",
        fail_under="80",
        repeat="2",
        phases="baseline=1s verify=1s",
        baseline="before",
        gameday=gameday,
    )
    words = child.communicate(timeout=30)[0].split("\n")[:-1]
    folder = str(checkout.root / ".gameday" / "ci")
    assert words == [
        *("ci", "--fail-under", "80", "--repeat", "2", "--baseline", "before"),
        *("--phase", "baseline=1s", "--phase", "verify=1s"),
        *("--artifacts", folder, "--junit", f"{folder}/junit.xml", "--"),
        *("scenarios/held.yaml", "scenarios/short.yaml", "scenarios/none-*.yaml"),
    ]


def test_the_first_job_has_no_baseline_and_is_told_so(runner, checkout):
    child = runner.main(scenarios="a.yaml", baseline="before", gameday=stub(checkout, 'echo "$@"'))
    said = child.communicate(timeout=30)[0]
    assert "no baseline yet: there is no folder before" in said
    assert "--baseline" not in said


def test_without_gameday_the_step_fails_and_says_what_to_do(runner):
    child = runner.main(scenarios="a.yaml", gameday="no-such-gameday")
    said = child.communicate(timeout=30)[0]
    assert (child.returncode, runner.outputs["exit-code"]) == (2, "2")
    assert (
        "::error title=gameday::no-such-gameday can't be started (ENOENT): install it in a step before"
        in said
    )
    assert runner.post() == (0, "")


def test_a_job_plays_its_drill_and_tells_its_page(runner, checkout):
    child = runner.main(scenarios="scenarios/short.yaml", fail_under="50")
    said, _ = child.communicate(timeout=90)
    assert child.returncode == 0, said
    assert runner.outputs["exit-code"] == "0"
    assert runner.summary.startswith("# Drills: passed\n")
    assert junit_schema.complaints(Path(runner.outputs["junit"]).read_text()) == []
    report = json.loads((checkout.root / ".gameday" / "ci" / "ci.json").read_text())
    assert [check["state"] for check in report["scenarios"][0]["checks"]].count("passed") >= 1
    assert runner.post()[0] == 0


@pytest.mark.kill
def test_a_cancelled_job_reverts_within_the_time_that_a_runner_gives_it(runner, checkout):
    child = runner.main(scenarios="scenarios/held.yaml scenarios/short.yaml")
    checkout.until(checkout.fault.exists)
    began = time.monotonic()
    child.send_signal(signal.SIGINT)
    checkout.until(lambda: not checkout.fault.exists(), within=7.5)
    said, _ = child.communicate(timeout=30)
    assert (child.returncode, runner.outputs["exit-code"]) == (3, "3"), said
    assert time.monotonic() - began < 20
    assert "interrupted by SIGINT: aborting and reverting the drills in progress" in said
    assert "**Ended early:** interrupted by SIGINT" in runner.summary
    code, said = runner.post()
    assert (code, "nothing is in force" in said) == (0, True)


@pytest.mark.kill
def test_the_post_step_reverts_what_a_job_left_that_was_killed_with_all_its_processes(runner, checkout):
    runner.main(scenarios="scenarios/held.yaml")
    checkout.until(checkout.fault.exists)
    checkout.lose_power()
    assert checkout.fault.exists()
    code, said = runner.post()
    assert (code, checkout.fault.exists()) == (0, False), said
    assert "reverted and closed" in said


def test_the_post_step_fails_where_a_person_must_look(runner, checkout):
    gameday = stub(checkout, '[ "$1" = revert ] && echo "1. rm in-the-way" && exit 4', "exit 0")
    runner.main(scenarios="a.yaml", gameday=gameday).communicate(timeout=30)
    code, said = runner.post()
    assert code == 4
    assert "1. rm in-the-way" in said
    assert "::error title=gameday::a fault may still be in force: a person must look" in said
