"""Experiments, playbooks and responder scripts of the catalogue fit each other and the shop."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gameday.cli.workspace import shop as commands
from gameday.shop import faults
from gameday.shop.monitoring import rules as alert_rules
from tests.paths import ROOT
from tests.shop.conftest import RunningShop

EXPERIMENTS = sorted((ROOT / "experiments").glob("*.json"))
CHAOS = Path(sys.executable).with_name("chaos")
PAIRS = {
    "api-latency-spike": "database-overload",
    "replica-crash": "replica-crash",
    "login-outage": "login-outage",
}


def activities(experiment: dict) -> list[dict]:
    probes = experiment["steady-state-hypothesis"]["probes"]
    exposed = [each["still-exposed"] for each in experiment["extensions"]]
    return [*probes, *experiment["method"], *experiment["rollbacks"], *exposed]


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_an_experiment_names_functions_that_there_are(path: Path):
    for each in activities(json.loads(path.read_text())):
        assert each["provider"]["module"] == "gameday.shop.faults"
        assert callable(getattr(faults, each["provider"]["func"]))


@pytest.mark.e2e
@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_chaos_toolkit_runs_the_experiment_and_undoes_it(shop: RunningShop, path: Path, tmp_path: Path):
    command = [CHAOS, "--no-version-check", "run", "--rollback-strategy=always", path]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    journal = json.loads((tmp_path / "journal.json").read_text())
    assert journal["steady_states"]["before"]["steady_state_met"]
    assert [each["status"] for each in journal["run"] + journal["rollbacks"]] == ["succeeded"] * 2
    assert shop.status["healthy"]
    assert shop.status["release"] == "41"


def names_of(path: Path) -> set[str]:
    return set(re.findall(r"<!-- step: ([a-z-]+) -->", path.read_text()))


@pytest.mark.parametrize(("responder", "playbook"), PAIRS.items())
def test_a_responder_takes_steps_that_its_playbook_has(responder: str, playbook: str):
    script = YAML(typ="safe").load(ROOT / f"scenarios/responders/{responder}.yaml")
    taken = {step["do"]["step"] for step in script["steps"] if "step" in step["do"]}
    assert taken
    assert taken <= names_of(ROOT / f"playbooks/{playbook}.md")


@pytest.mark.parametrize("responder", PAIRS)
def test_a_responder_waits_for_an_alert_that_the_shop_sends(responder: str):
    script = YAML(typ="safe").load(ROOT / f"scenarios/responders/{responder}.yaml")
    waited = {step["when"]["alert"] for step in script["steps"] if "alert" in step.get("when", {})}
    assert waited
    assert waited <= {rule.name for rule in alert_rules.read()}


@pytest.mark.parametrize("playbook", PAIRS.values())
def test_a_playbook_names_commands_that_there_are(playbook: str):
    known = {command.name or command.callback.__name__ for command in commands.app.registered_commands}
    known |= {group.name for group in commands.app.registered_groups}
    named = re.findall(r"`gameday shop ([a-z-]+)", (ROOT / f"playbooks/{playbook}.md").read_text())
    assert named
    assert set(named) <= known
