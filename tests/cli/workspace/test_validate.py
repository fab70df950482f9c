import json
import os
from pathlib import Path

import pytest

from gameday.cli.workspace import validate as command
from tests.paths import ROOT
from tests.settings import space


def run(root: Path, *names: str, strict: bool = False, as_json: bool = False, imports: bool = False) -> int:
    os.chdir(root)
    return command.validate([Path(name) for name in names], json=as_json, strict=strict, imports=imports)


@pytest.fixture(autouse=True)
def back_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_the_catalogue_is_well(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(ROOT) == 0
    told = capfd.readouterr()
    assert told.out == ""
    assert told.err.endswith("files: no mistakes\n")


def test_a_workspace_without_paths_is_checked_whole(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(space.make(tmp_path)) == 0
    assert capfd.readouterr().err == "8 files: no mistakes\n"


def test_scenarios_are_found_in_every_folder_but_those_of_others(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = space.make(tmp_path)
    wrong = "scenario: broken\nuers: 3\n"
    for folder in ("services/cart", ".hidden", "node_modules/x", "another"):
        (root / folder).mkdir(parents=True)
        (root / folder / "drill.yaml").write_text(wrong)
    (root / "another" / "gameday.toml").write_text("")
    (root / "services" / "compose.yaml").write_text("services: {}\n")
    assert run(root) == 2
    told = capfd.readouterr().err
    assert "services/cart/drill.yaml" in told
    assert not any(name in told for name in (".hidden", "node_modules", "another", "compose"))


def test_each_mistake_is_a_line_with_its_place_and_a_hint(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = space.make(
        tmp_path, gameday="[environments.shop]\nupp = []\n", team="scorecard: team\nversion: x\n"
    )
    assert run(root) == 2
    assert capfd.readouterr().err.splitlines() == [
        "gameday.toml:2:1: unknown key 'upp'",
        "  hint: did you mean 'up'?",
        "scorecards/team.yaml:1:1: the key 'criteria' is missing",
        "  hint: criteria: what is judged",
        "scorecards/team.yaml:2:10: expected a whole number, not the text 'x'",
        "8 files: 3 mistakes, 0 warnings",
    ]


def test_paths_are_told_as_seen_from_the_working_folder(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = space.make(tmp_path, team="scorecard: team\n")
    assert run(root / "scenarios", "../scorecards/team.yaml") == 2
    assert capfd.readouterr().err.startswith("../scorecards/team.yaml:1:1: the key 'criteria' is missing\n")


def test_a_scenario_is_checked_with_all_that_it_names(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    policy = "[environments.shop.policy]\nproviders = ['python:os.path']\nhosts = ['127.0.0.1']\n"
    root = space.make(
        tmp_path,
        shop="from locust import nothing_such\n",
        gameday="[environments.shop]\nbase_url = 'http://127.0.0.1:1'\n" + policy,
    )
    assert run(root, "scenarios/slow.yaml") == 0
    capfd.readouterr()
    assert run(root, "scenarios/slow.yaml", imports=True) == 2
    told = capfd.readouterr().err
    assert told.startswith("experiments/load/shop.py:1:1: ImportError: cannot import name 'nothing_such'")


def test_a_warning_counts_only_when_it_is_asked_to(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root = space.make(tmp_path)
    file = root / "scenarios" / "slow.yaml"
    file.write_text(file.read_text() + "phases: {response: 5m}\n")
    assert run(root) == 0
    assert "scenarios/slow.yaml:10:20: warning: the response ends after 5m" in capfd.readouterr().err
    assert run(root, strict=True) == 2
    assert capfd.readouterr().err.endswith("1 warning\n--strict: warnings count as mistakes\n")


SHORTY = "[environments.shop]\nbase_url = 'http://127.0.0.1:1'\n"


@pytest.mark.parametrize(
    "mistaken",
    [
        SHORTY + "up_command = ['x']\n",
        SHORTY + "integrations = ['pager']\n[integrations.pager]\nkind = 'pagr'\n",
        SHORTY + SHORTY,
        SHORTY + "integrations = ['p']\n[integrations.p]\nkind = 'alertmanager'\nlisten = '0.0.0.0:9099'\n",
        "x = [\n" + SHORTY,
    ],
)
def test_a_mistake_in_the_settings_is_named_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], mistaken: str
) -> None:
    root = space.make(tmp_path, gameday=mistaken)
    assert run(root) == 2
    said = capfd.readouterr().err
    assert "gameday.toml:" in said
    assert "1 mistake, 0 warnings" in said


def test_an_environment_that_is_not_there_is_named_even_then(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = space.make(tmp_path, gameday=SHORTY.replace("shop", "shap") + "up_command = ['x']\n")
    assert run(root) == 2
    assert "no environment 'shop'" in capfd.readouterr().err


def test_json_is_data_on_stdout(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root = space.make(tmp_path, team="scorecard: team\nversion: 1\ncriteria: 3\n")
    assert run(root, "scorecards/team.yaml", as_json=True) == 2
    told = capfd.readouterr()
    assert told.err == ""
    assert json.loads(told.out) == {
        "files": 1,
        "mistakes": [
            {
                "file": "scorecards/team.yaml",
                "line": 3,
                "column": 11,
                "message": "expected a list, not the number 3",
                "hint": "",
                "warning": False,
            }
        ],
    }


def test_a_script_alone_is_compared_with_its_scenario(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = space.make(tmp_path)
    script = root / "scenarios" / "responders" / "slow.yaml"
    script.write_text(script.read_text().replace("step: look", "step: jump"))
    assert run(root, "scenarios/responders/slow.yaml") == 2
    assert "4:36: playbooks/slow.md has no step 'jump'" in capfd.readouterr().err


def test_a_file_of_no_known_kind_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root = space.make(tmp_path)
    (root / "notes.txt").write_text("x")
    assert run(root, "notes.txt", "scenarios/gone.yaml") == 2
    told = capfd.readouterr().err
    assert "notes.txt:1:1: cannot determine what kind of file this is" in told
    assert "scenarios/gone.yaml:1:1: there is no file scenarios/gone.yaml" in told


PLAN = "gameday: day\ntitle: t\nenvironment: shop\ndate: 2026-12-01T10:00\nagenda: [{scenario: slow.yaml}]\n"


def plan(root: Path, name: str = "day", text: str = PLAN) -> None:
    (root / "scenarios" / f"{name}.gameday.yaml").write_text(text, encoding="utf-8")


def test_a_game_day_plan_is_checked_with_what_it_names(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = space.make(tmp_path)
    plan(root, text=PLAN.replace("slow.yaml", "slwo.yaml, responder: responders/slow.yaml"))
    assert run(root, "scenarios/day.gameday.yaml") == 2
    assert capfd.readouterr().err.splitlines()[:2] == [
        "scenarios/day.gameday.yaml:5:21: there is no file scenarios/slwo.yaml",
        "  hint: did you mean 'slow.yaml'?",
    ]


def test_plans_that_overlap_are_a_mistake_of_the_later_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = space.make(tmp_path)
    plan(root)
    plan(root, "eve", PLAN.replace("10:00", "10:30"))
    assert run(root) == 2
    told = capfd.readouterr().err
    assert "scenarios/eve.gameday.yaml:4:7: on 2026-12-01T10:30Z scenarios/day.gameday.yaml uses" in told
    assert told.count("scenarios/eve.gameday.yaml:4:7") == 1


def test_a_plan_with_a_misspelt_first_key_is_still_a_plan(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = space.make(tmp_path)
    plan(root, text=PLAN.replace("gameday:", "gamday:"))
    assert run(root) == 2
    assert "did you mean 'gameday'?" in capfd.readouterr().err


def test_a_file_that_no_policy_allows_is_not_imported_and_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = space.make(tmp_path / "space", shop=f"open({str(tmp_path / 'mark')!r}, 'w')\nclass A: pass\n")
    assert run(root, imports=True) == 0
    told = capfd.readouterr().err
    assert "experiments/slow.json:1:1: warning: not imported: no policy allows what it does now" in told
    assert "experiments/load/shop.py:1:1: warning: not imported" in told
    assert not (tmp_path / "mark").exists()
