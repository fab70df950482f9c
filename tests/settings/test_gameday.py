from pathlib import Path

import pytest

from gameday.core.errors import InvalidFiles
from gameday.settings import load_workspace
from gameday.settings.gameday import GameDayFiles, game_day_files
from tests.settings import space

PLAN = "gameday: day\ntitle: t\nenvironment: shop\ndate: 2026-12-01T10:00\nagenda: [{scenario: slow.yaml, responder: responders/slow.yaml}]\n"


def files(root: Path, plan: str = PLAN, name: str = "day") -> GameDayFiles:
    path = root / "scenarios" / f"{name}.gameday.yaml"
    path.write_text(plan, encoding="utf-8")
    return game_day_files(load_workspace(root, {}), path)


def test_an_approval_covers_every_file_of_the_game_day(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    before = files(root)
    assert before.covers.startswith("sha256:")
    assert "playbooks/slow.md" in before.hashes
    assert files(root).covers == before.covers
    (root / "playbooks" / "slow.md").write_text("# Slow\n\n1. Look twice. <!-- step: look -->\n")
    assert files(root).covers != before.covers


def test_people_take_part_unless_a_script_plays_and_nobody_is_named(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    assert not files(root).attended
    assert files(root, PLAN + "participants: [{name: ada, roles: [facilitator]}]\n").attended
    assert files(root, PLAN.replace(", responder: responders/slow.yaml", "")).attended


def test_another_plan_on_the_environment_at_the_same_time_is_a_mistake(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    files(root)
    with pytest.raises(
        InvalidFiles, match=r"scenarios/day\.gameday\.yaml uses shop at the same time"
    ) as refused:
        files(root, PLAN.replace("10:00", "10:05"), name="eve")
    (mistake,) = refused.value.mistakes
    assert (mistake.file, mistake.line) == ("scenarios/eve.gameday.yaml", 4)
