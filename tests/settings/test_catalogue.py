from pathlib import Path

import pytest

from gameday.settings import catalogue as catalogues
from gameday.settings import open_workspace
from gameday.settings.catalogue import Catalogue
from tests.settings import space

CHAT = (
    "[environments.shop]\nbase_url = 'http://127.0.0.1:1'\n"
    '[integrations.chat]\nkind = "apprise"\nsecret = "env:CHAT_URL"\n[people.ada]\n'
)
PLAN = (
    "gameday: day\ntitle: t\nenvironment: shop\ndate: 2026-12-01T10:00\n"
    "participants: [{name: ada, roles: [facilitator]}]\n"
    "channels: [{channel: caht}, {channel: '#incidents'}]\nagenda: [{scenario: slow.yaml}]\n"
)


def checked(root: Path, plan: str = PLAN) -> list[str]:
    (root / "scenarios" / "day.gameday.yaml").write_text(plan, encoding="utf-8")
    catalogue = Catalogue(open_workspace(root, {})[0])
    catalogue.game_day("scenarios/day.gameday.yaml")
    return [str(mistake) for mistake in catalogue.all_mistakes()]


def test_a_plan_is_compared_with_the_settings(tmp_path: Path) -> None:
    (line,) = checked(space.make(tmp_path, gameday=CHAT))
    assert line.startswith(
        "scenarios/day.gameday.yaml:6:22: warning: gameday.toml has no [integrations.caht]"
    )
    assert line.endswith("hint: did you mean 'chat'?")


def test_a_plan_names_an_environment_of_the_settings(tmp_path: Path) -> None:
    plan = PLAN.replace("environment: shop", "environment: shpo").replace("caht", "chat")
    lines = checked(space.make(tmp_path, gameday=CHAT), plan)
    assert "scenarios/day.gameday.yaml:3:14: gameday.toml has no environment 'shpo'" in lines[0]
    assert "did you mean 'shop'?" in lines[0]


@pytest.mark.parametrize(
    ("path", "content", "kind"),
    [
        ("scenarios/a.gameday.yaml", b"", "gameday"),
        ("a.yaml", b"scorecard: a\n", "scorecard"),
        ("scenarios/responders/a.yaml", b"as: team\n", "responder"),
        ("anywhere/a.json", b"{}", "experiment"),
        ("anywhere/a.yaml", b"controls: []\ntitle: t\n", "experiment"),
        ("playbooks/a.md", b"", "playbook"),
        ("a.py", b"", "locustfile"),
        ("a.txt", b"", ""),
    ],
)
def test_the_kind_of_a_file_is_found_by_its_ending_first_key_or_folder(
    path: str, content: bytes, kind: str
) -> None:
    assert catalogues.kind_of(path, content) == kind


def test_a_script_plays_in_the_scenario_that_it_is_named_after() -> None:
    scenarios = ["scenarios/crash.yaml", "scenarios/crash-loop.yaml"]
    assert catalogues.plays_in("responders/crash-loop-team.yaml", scenarios) == "scenarios/crash-loop.yaml"
    assert catalogues.plays_in("responders/crash.yaml", scenarios) == "scenarios/crash.yaml"
    assert catalogues.plays_in("responders/crashes.yaml", scenarios) == ""


def test_controls_of_chaos_toolkits_settings_may_define_the_variables_of_an_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = space.make(tmp_path / "space", slow=space.FILES["experiments/slow.json"].replace('"x"', '"${x}"'))
    monkeypatch.setenv("HOME", str(tmp_path))

    def found() -> list[str]:
        catalogue = Catalogue(open_workspace(root, {})[0])
        catalogue.check("experiments/slow.json", "experiment")
        return [str(mistake) for mistake in catalogue.all_mistakes()]

    assert [": warning: " in line for line in found()] == [False]
    (tmp_path / ".chaostoolkit").mkdir()
    (tmp_path / ".chaostoolkit" / "settings.yaml").write_text("controls: {c: {}}\n", encoding="utf-8")
    assert [": warning: " in line for line in found()] == [True]
