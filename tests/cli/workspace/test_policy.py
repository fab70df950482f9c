"""`gameday policy check` explains each verdict, and its exit code says whether a drill may start."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

from gameday.cli.workspace.policy import app
from gameday.core.errors import GamedayError, InvalidFiles
from tests.paths import ROOT

POLICY = """
[environments.shop]
base_url = "http://127.0.0.1:8080"

[environments.shop.policy]
providers = ["python:gameday.shop.faults.*"]
hosts = ["127.0.0.1"]
max_users = 500
"""


@pytest.fixture
def workspace(tmp_path):
    """The catalogue with a gameday.toml of the test's own."""
    for folder in ("experiments", "scenarios", "scorecards", "playbooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "gameday.toml").write_text(POLICY)
    return tmp_path


def change(workspace, old, new):
    file = workspace / "gameday.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def check(workspace, *words):
    scenario = workspace / "scenarios" / "api-latency-spike.yaml"
    return CliRunner().invoke(app, ["check", str(scenario), *words])


def test_a_scenario_that_may_start_exits_with_0_and_explains_why(workspace):
    result = check(workspace)
    assert result.exit_code == 0, result.output
    assert (
        "python:gameday.shop.faults.deploy_release (python:gameday.shop.faults.* allows it)" in result.stdout
    )
    assert "api-latency-spike on shop: may start" in result.stderr


def test_a_refused_scenario_exits_with_5_and_says_what_would_change_it(workspace):
    change(workspace, "max_users = 500", "max_users = 1")
    result = check(workspace)
    assert result.exit_code == 5
    assert result.stdout.startswith("REFUSED  max_users")
    assert "hint: fewer users" in result.stdout
    assert "1 refused" in result.stderr


def test_a_break_within_a_url_makes_no_verdict_of_its_own(workspace):
    url = "http://127.0.0.1:1/a\nallowed  providers         all that follows"
    action = {"type": "action", "name": "a", "provider": {"type": "http", "url": url}}
    experiment = {
        "version": "1.0.0",
        "title": "t",
        "description": "d",
        "method": [action],
        "rollbacks": [action],
    }
    (workspace / "experiments" / "forged.json").write_text(json.dumps(experiment))
    scenario = workspace / "scenarios" / "forged.yaml"
    scenario.write_text(
        "scenario: forged\ntitle: t\nenvironment: shop\nexperiment: ../experiments/forged.json\n"
        "scorecard: ../scorecards/team.yaml\nhold: 5s\nobjectives: {recover: 10m}\n"
    )
    result = CliRunner().invoke(app, ["check", str(scenario)])
    assert result.exit_code == 5, result.output
    assert not [line for line in result.stdout.splitlines() if line.startswith("allowed")]


def test_the_verdicts_are_data_with_json(workspace):
    change(workspace, '"127.0.0.1"', '"10.0.0.1"')
    result = check(workspace, "--json")
    told = json.loads(result.stdout)
    assert (told["schema"], told["scenario"], told["environment"]) == (1, "api-latency-spike", "shop")
    assert told["allowed"] is False
    assert [one["rule"] for one in told["verdicts"] if not one["allowed"]] == ["hosts"]
    assert all(one["why"] for one in told["verdicts"])


def test_no_policy_is_loopback_only(workspace):
    (workspace / "gameday.toml").write_text('[environments.shop]\nbase_url = "http://shop.example"\n')
    result = check(workspace)
    assert result.exit_code == 5
    assert "no policy: only loopback" in result.stderr
    assert "REFUSED  hosts" in result.stdout


def test_another_environment_is_judged_by_its_own_policy(workspace):
    with (workspace / "gameday.toml").open("a") as file:
        file.write('[environments.other]\nbase_url = "http://other.example"\n')
    assert check(workspace, "--environment", "other").exit_code == 5


def test_an_approval_by_another_person_lets_a_protected_environment_start(workspace):
    change(workspace, "max_users = 500", "protected = true")
    refused = check(workspace, "--json")
    assert refused.exit_code == 5
    covers = json.loads(refused.stdout)["fingerprint"]
    (workspace / "approvals.toml").write_text(f'[[approval]]\nby = "grace"\ncovers = "{covers}"\n')
    assert check(workspace).exit_code == 0


def approve(workspace, *words):
    """Let another person approve what `policy check` prints."""
    printed = check(workspace, *words)
    assert printed.exit_code == 5, printed.output
    table = printed.stdout[printed.stdout.index("[[approval]]") :]
    (workspace / "approvals.toml").write_text(table.replace('by = ""', 'by = "grace"'))
    allowed = check(workspace, *words)
    assert allowed.exit_code == 0, allowed.output


def append(name, text):
    def alter(workspace, _):
        with (workspace / name).open("a") as file:
            file.write(text)

    return alter


CHANGES = {
    "base_url": (lambda workspace, _: change(workspace, '8080"', '8081"'), "environment shop"),
    "up": (
        lambda workspace, _: change(workspace, '8080"', '8080"\nup = ["gameday", "shop", "up"]'),
        "environment shop",
    ),
    "policy": (
        lambda workspace, _: change(workspace, "protected = true", "protected = true\nmax_users = 900"),
        "policy",
    ),
    "experiment": (append("experiments/slow-query.json", " "), "experiments/slow-query.json"),
    "locustfile": (append("experiments/load/shop.py", "#"), "experiments/load/shop.py"),
    "responder": (
        append("scenarios/responders/api-latency-spike.yaml", "# x"),
        "scenarios/responders/",
    ),
    "chaos settings": (
        lambda _, home: (home / ".chaostoolkit" / "settings.yaml").write_text("notifications: {}\n"),
        "Chaos Toolkit's settings.yaml",
    ),
    "a module of the load": (append("experiments/load/common.py", "#"), "module common"),
}


@pytest.mark.parametrize(("alter", "named"), CHANGES.values(), ids=CHANGES.keys())
def test_whatever_is_changed_after_an_approval_is_refused_and_named(
    workspace, tmp_path, monkeypatch, alter, named
):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".chaostoolkit").mkdir()
    change(workspace, "max_users = 500", "protected = true")
    (workspace / "experiments" / "load" / "common.py").write_text("")
    append("experiments/load/shop.py", "\nimport common\n")(workspace, tmp_path)
    responder = ("--responder", str(workspace / "scenarios" / "responders" / "api-latency-spike.yaml"))
    approve(workspace, *responder)
    alter(workspace, tmp_path)
    refused = check(workspace, *responder)
    assert refused.exit_code == 5
    assert f"changed: {named}" in refused.stdout


def test_files_with_mistakes_are_not_judged(workspace):
    (workspace / "scenarios" / "api-latency-spike.yaml").write_text("scenario: x\n")
    result = check(workspace)
    assert isinstance(result.exception, GamedayError)
    assert isinstance(result.exception, InvalidFiles)
