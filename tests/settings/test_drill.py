import hashlib
from pathlib import Path

import pytest

from gameday.core.errors import InvalidFiles
from gameday.settings import load_workspace, workspace
from gameday.settings.drill import DrillFiles, drill_files
from tests.formats.mistakes import as_lines
from tests.settings import space


def read(root: Path, **given: str) -> DrillFiles:
    responder = root / given["responder"] if "responder" in given else None
    return drill_files(
        load_workspace(root, {}),
        root / "scenarios" / "slow.yaml",
        responder=responder,
        environment=given.get("environment", ""),
    )


def mistakes(root: Path, **given: str) -> list[str]:
    with pytest.raises(InvalidFiles) as wrong:
        read(root, **given)
    return [
        f"{one.file}:{text}"
        for one, text in zip(wrong.value.mistakes, as_lines(wrong.value.mistakes), strict=True)
    ]


def test_all_files_of_a_drill_are_read_and_hashed(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    found = read(root)
    assert found.scorecard.name == "team@1"
    assert found.playbook is not None
    assert [step.id for step in found.playbook.steps] == ["look"]
    assert found.environment.base_url == "http://127.0.0.1:1"
    assert set(found.hashes) == set(space.FILES) - {
        "gameday.toml", "scorecards/automation.yaml", "scenarios/responders/slow.yaml",
    }  # fmt: skip
    for name, digest in found.hashes.items():
        assert digest == hashlib.sha256((root / name).read_bytes()).hexdigest()
    assert found.texts["experiments/slow.json"] == (root / "experiments/slow.json").read_text()
    assert not found.warnings


def test_a_scripted_automation_is_judged_by_its_own_scorecard(tmp_path: Path) -> None:
    found = read(space.make(tmp_path), responder="scenarios/responders/slow.yaml")
    assert found.scorecard.name == "automation@1"
    assert found.scenario.scorecard == "scorecards/automation.yaml"


def test_a_scorecard_that_the_scenario_names_is_used(tmp_path: Path) -> None:
    text = space.FILES["scenarios/slow.yaml"] + "scorecard: ../scorecards/team.yaml\n"
    root = space.make(tmp_path)
    (root / "scenarios" / "slow.yaml").write_text(text)
    assert read(root, responder="scenarios/responders/slow.yaml").scorecard.name == "team@1"


def test_drills_compare_over_wording_and_not_over_what_is_done(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    before = read(root).comparable
    file = root / "scenarios" / "slow.yaml"
    file.write_text(file.read_text().replace("title: t", "title: another # note"))
    assert read(root).comparable == before
    file.write_text(file.read_text().replace("recover: 10m", "recover: 11m"))
    assert read(root).comparable != before


def test_missing_files_are_reported_where_they_are_named(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    file = root / "scenarios" / "slow.yaml"
    text = file.read_text().replace("slow.json", "slo.json").replace("slow.md", "../../etc/passwd")
    file.write_text(text.replace("load/shop.py", "load"))
    assert mistakes(root) == [
        "scenarios/slow.yaml:4:13 there is no file experiments/slo.json | did you mean 'slow.json'?",
        "scenarios/slow.yaml:5:20 experiments/load is a folder",
        f"scenarios/slow.yaml:9:11 ../etc/passwd leads out of the workspace | {workspace.OUTSIDE}",
    ]


def test_a_file_that_is_there_is_never_asked_for_in_its_own_place(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    experiment = root / "experiments" / "slow.json"
    experiment.unlink()
    experiment.symlink_to("/etc/passwd")
    (root / "playbooks" / "slow.md").write_bytes(b" " * 2_000_000)
    lines = mistakes(root)
    assert len(lines) == 2
    assert not any("did you mean" in each for each in lines)


def test_the_scorecard_of_a_scenario_that_names_none_is_found_upwards_and_at_last_in_gameday_itself(
    tmp_path: Path,
) -> None:
    root = space.make(tmp_path)
    deep = root / "scenarios" / "team-a" / "deep.yaml"
    deep.parent.mkdir()
    deep.write_text("scenario: deep\ntitle: t\nenvironment: shop\n", encoding="utf-8")
    top = root / "top.yaml"
    top.write_text("scenario: top\ntitle: t\nenvironment: shop\n", encoding="utf-8")

    def named(scenario: Path) -> str:
        return drill_files(load_workspace(root, {}), scenario).scenario.scorecard

    assert named(deep) == named(top) == "scorecards/team.yaml"
    (root / "scenarios" / "scorecards").mkdir()
    (root / "scorecards" / "team.yaml").rename(root / "scenarios" / "scorecards" / "team.yaml")
    assert (named(deep), named(top)) == ("scenarios/scorecards/team.yaml", "built-in:scorecards/team.yaml")
    own = drill_files(load_workspace(root, {}), top)
    assert own.scorecard.name.startswith("team@")
    assert "built-in:scorecards/team.yaml" in own.hashes


def test_mistakes_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    root = space.make(tmp_path, team="scorecard: team\nversion: 1\ncriteria: []\n")
    (root / "experiments" / "slow.json").write_text('{"title": "t", "description": "d", "methd": []}')
    (root / "scenarios" / "responders" / "slow.yaml").write_text(
        "responder: bot\nas: automation\nsteps:\n- {do: {step: loook}}\n"
    )
    assert mistakes(root, responder="scenarios/responders/slow.yaml") == [
        "experiments/slow.json:1:36 unknown key 'methd' | did you mean 'method'?",
        "scenarios/responders/slow.yaml:4:15 playbooks/slow.md has no step 'loook' | did you mean 'look'?",
        "scorecards/team.yaml:3:11 this list has too few items; it needs at least 1",
    ]


def test_an_environment_that_is_not_there_is_reported_with_the_nearest(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    file = root / "scenarios" / "slow.yaml"
    file.write_text(file.read_text().replace("environment: shop", "environment: shpo"))
    assert mistakes(root) == [
        "scenarios/slow.yaml:3:14 gameday.toml has no environment 'shpo' | did you mean 'shop'?"
    ]
    assert read(root, environment="shop").environment.name == "shop"
    assert len(mistakes(root, environment="nope")) == 1


def test_a_scenario_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    with pytest.raises(InvalidFiles, match=r"there is no file scenarios/slo\.yaml") as wrong:
        drill_files(load_workspace(root, {}), root / "scenarios" / "slo.yaml")
    assert wrong.value.mistakes[0].hint == "did you mean 'slow.yaml'?"
