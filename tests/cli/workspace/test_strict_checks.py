"""`gameday validate --strict` tells what preflight would refuse, and asks no target for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gameday.cli.workspace import validate as command
from tests.paths import ROOT
from tests.settings import space

ALLOWED = """[environments.shop]
base_url = 'http://127.0.0.1:1'
{hooks}
[environments.shop.policy]
providers = ['python:os.path.*']
hosts = ['127.0.0.1']
{rules}
"""


@pytest.fixture
def strict(tmp_path, monkeypatch, capfd):
    """Validate a small workspace strictly, with hooks, rules or a scenario of the test's own."""
    root = space.make(tmp_path)
    file = root / "scenarios" / "slow.yaml"
    file.write_text(file.read_text() + "phases: {response: 1h}\n")
    monkeypatch.chdir(root)

    def validate(*, hooks="", rules="", more="", strict=True, settings=ALLOWED):
        (root / "gameday.toml").write_text(settings.format(hooks=hooks, rules=rules))
        file.write_text(file.read_text() + more)
        code = command.validate([], json=False, strict=strict)
        return code, capfd.readouterr().err

    return validate


def test_what_preflight_would_let_pass_is_well(strict):
    assert strict() == (0, "8 files: no mistakes\n")


def test_the_catalogue_is_well(monkeypatch, capfd):
    monkeypatch.chdir(ROOT)
    assert command.validate([], json=False, strict=True) == 0, capfd.readouterr().err


def test_without_strict_nothing_is_foreseen(strict):
    assert strict(settings="[environments.shop]\nbase_url = 'http://127.0.0.1:1'\n", strict=False)[0] == 0


@pytest.mark.parametrize(
    ("given", "place", "said"),
    [
        ({"settings": "[environments.shop]\n"}, "slow.yaml:4:13", "python:os.path.basename"),
        ({"rules": "max_rps = 0.5"}, "slow.yaml:5:7", "0.5 at most"),
        ({"rules": "max_hold = '1m'"}, "slow.yaml:", "a hold of up to 1 h 00 min: 1 min 00 s at most"),
        ({"hooks": "up = ['no-such-command']"}, "gameday.toml:3:6", "command 'no-such-command' not found"),
        ({"hooks": "reset = ['./reset.sh']"}, "gameday.toml:3:9", "command './reset.sh' not found"),
        (
            {"more": "guardrails: [{prometheus: {query: up, below: 1, for: 5s}}]\n"},
            "slow.yaml:11:14",
            "cannot be evaluated: no Prometheus is configured",
        ),
        ({"hooks": "trail = 'env:NO_SUCH_TRAIL'"}, "gameday.toml:3:9", "NO_SUCH_TRAIL is not set"),
    ],
)
def test_what_preflight_would_refuse_is_told_at_its_place(strict, given, place, said):
    code, told = strict(**given)
    assert code == 2
    assert any(place in line and said in line for line in told.splitlines()), told


def test_a_rule_that_load_breaks_is_told_where_the_load_is(strict):
    code, told = strict(settings=ALLOWED.replace("127.0.0.1:1", "203.0.113.7"))
    assert code == 2
    assert (
        "scenarios/slow.yaml:5:7: policy of shop: load on http://203.0.113.7:80/: no entry of `hosts` allows it"
        in told
    )


@pytest.mark.parametrize(
    "rules",
    ["hours = ['Mon 00:00-00:01 UTC']", "freezes = ['gone.ics']", "protected = true"],
)
def test_what_another_hour_or_another_person_would_change_is_no_mistake(strict, rules):
    assert strict(rules=rules)[0] == 0


def test_a_hook_by_its_path_from_the_workspace_s_root_is_found(strict):
    script = Path("reset.sh")
    shutil.copy("/bin/true", script)
    assert strict(hooks="reset = ['./reset.sh']")[0] == 0
