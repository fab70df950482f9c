"""The pre-commit hook, run by pre-commit in a repository of its own."""

from __future__ import annotations

import re
import sys

import pytest
from ruamel.yaml import YAML

from tests.pipelines.conftest import ROOT

MANIFEST = ROOT / ".pre-commit-hooks.yaml"
(HOOK,) = YAML(typ="safe").load(MANIFEST)


@pytest.fixture
def repository(checkout):
    """The checkout as a repository that uses our hook, with gameday from this environment."""
    config = {"repos": [{"repo": "local", "hooks": [{**HOOK, "language": "system"}]}]}
    with (checkout.root / ".pre-commit-config.yaml").open("w") as file:
        YAML().dump(config, file)
    for words in (["init", "-q"], ["add", "-A"]):
        assert checkout.call("git", *words)[0] == 0
    return checkout


def pre_commit(checkout, *words):
    home = str(checkout.root.parent / "pre-commit")
    return checkout.call(sys.executable, "-m", "pre_commit", *words, PRE_COMMIT_HOME=home)


def test_the_manifest_is_one(checkout):
    assert pre_commit(checkout, "validate-manifest", str(MANIFEST)) == (0, "")


def test_a_workspace_that_is_well_may_be_committed(repository):
    code, said = pre_commit(repository, "run", "--all-files")
    assert (code, "Passed" in said) == (0, True), said


def test_a_mistake_is_told_with_its_place_and_stops_the_commit(repository):
    file = repository.root / "scenarios" / "short.yaml"
    file.write_text(file.read_text().replace("title:", "titel:"))
    code, said = pre_commit(repository, "run", "--files", "scenarios/short.yaml")
    assert code == 1
    assert "scenarios/short.yaml:2:1: unknown key 'titel'" in said


@pytest.mark.parametrize(
    ("file", "looked_at"),
    [
        ("gameday.toml", True),
        ("drills/gameday.toml", True),
        ("scenarios/responders/a.yml", True),
        ("drills/playbooks/a.md", True),
        ("experiments/load/shop.py", True),
        ("README.md", False),
        ("scenarios.md", False),
        ("my-gameday.toml", False),
    ],
)
def test_the_hook_looks_at_the_files_of_workspaces_only(file, looked_at):
    assert bool(re.search(HOOK["files"], file)) is looked_at
