"""What docs/how-to/ci.md tells people to write is what the action, the template and the hook understand."""

from __future__ import annotations

import re

import pytest
from ruamel.yaml import YAML

from tests.pipelines.conftest import ROOT

PAGE = (ROOT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
GITHUB, GITLAB, HOOKS = (
    YAML(typ="safe").load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
)


def load(name):
    return YAML(typ="safe").load(ROOT / name)


def test_the_workflow_gives_the_action_inputs_that_it_has():
    (step,) = (s for s in GITHUB["jobs"]["drills"]["steps"] if s.get("uses", "").startswith("OWNER/gameday@"))
    inputs = load("action.yml")["inputs"]
    assert set(step["with"]) <= set(inputs)
    assert {name for name, one in inputs.items() if one.get("required")} <= set(step["with"])


def test_the_pipeline_sets_variables_that_the_template_reads():
    assert (ROOT / GITLAB["include"][0]["file"]).is_file()
    template = load(GITLAB["include"][0]["file"])
    assert set(GITLAB["drills"]["variables"]) <= set(template[GITLAB["drills"]["extends"]]["variables"])


def test_the_hook_that_is_named_is_there():
    ids = {hook["id"] for hook in load(".pre-commit-hooks.yaml")}
    assert {hook["id"] for hook in HOOKS["repos"][0]["hooks"]} <= ids


@pytest.mark.parametrize("command", re.findall(r"gameday (?:ci|revert|validate)[^\n`']*", PAGE))
def test_options_that_are_named_are_there(command):
    options = set(re.findall(r"--[a-z-]+", command))
    source = (ROOT / "gameday" / "cli" / "app.py").read_text(encoding="utf-8")
    names = set(re.findall(r'"(--[a-z-]+)"', source))
    names |= {f"--{one.replace('_', '-')}" for one in re.findall(r"^    ([a-z_]+): ", source, re.MULTILINE)}
    assert options <= names
