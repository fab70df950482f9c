import os
from pathlib import Path

import pytest

from gameday.core.errors import InvalidFiles, NotReady
from gameday.formats.settings.reader import Secret
from gameday.settings import Workspace, load_workspace, open_workspace, reveal
from gameday.settings.workspace import Unreadable
from tests.settings import space


@pytest.fixture
def inside(tmp_path: Path) -> Workspace:
    (tmp_path / "secret.txt").write_text("s")
    return load_workspace(space.make(tmp_path / "work"), {})


def refusal(inside: Workspace, path: str) -> str:
    with pytest.raises(ValueError, match=r".") as wrong:
        inside.read(path)
    return str(wrong.value)


def test_the_workspace_is_found_from_any_file_in_it(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    for start in ("", "scenarios", "scenarios/slow.yaml", "scenarios/responders/slow.yaml", "gameday.toml"):
        assert load_workspace(root / start, {}).root == root


def test_a_workspace_without_a_file_of_settings_is_found_by_its_folders(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    (root / "gameday.toml").unlink()
    found = load_workspace(root / "scenarios" / "slow.yaml", {})
    assert found.root == root
    assert found.store_url == f"sqlite:///{root}/.gameday/gameday.db"
    assert found.artifacts == root / ".gameday" / "drills"


def test_files_are_read_by_their_workspace_path(inside: Workspace) -> None:
    assert inside.read("playbooks/slow.md").startswith(b"# Slow")
    assert inside.name(inside.root / "scenarios" / ".." / "playbooks" / "slow.md") == "playbooks/slow.md"


def test_a_text_that_is_there_now_is_read_and_one_that_is_not_is_none(inside: Workspace) -> None:
    assert (inside.root / "now.md").write_text("Ä\n")
    assert inside.text_now("now.md") == "Ä\n"
    assert inside.text_now("gone.md") is None
    assert inside.text_now("../outside.md") is None
    (inside.root / "now.md").write_bytes(b"\xff")
    assert inside.text_now("now.md") is None


def test_no_path_leads_out_of_the_workspace(inside: Workspace) -> None:
    assert refusal(inside, "../secret.txt") == "../secret.txt leads out of the workspace"
    assert refusal(inside, "/etc/passwd") == "/etc/passwd leads out of the workspace"


def test_no_link_leads_out_of_the_workspace(inside: Workspace) -> None:
    (inside.root / "link.md").symlink_to(inside.root.parent / "secret.txt")
    (inside.root / "folder").symlink_to(inside.root.parent)
    assert refusal(inside, "link.md") == "link.md is a link that leads out of the workspace"
    assert refusal(inside, "folder/secret.txt").endswith("out of the workspace")


def test_a_link_within_the_workspace_is_followed(inside: Workspace) -> None:
    (inside.root / "link.md").symlink_to("playbooks/slow.md")
    assert inside.read("link.md").startswith(b"# Slow")


def test_the_settings_may_allow_a_folder_outside(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "a.json").write_text("{}")
    (tmp_path / "secret.txt").write_text("s")
    root = space.make(tmp_path / "work", gameday="[workspace]\noutside = ['../shared']\n")
    inside = load_workspace(root, {})
    assert inside.read("../shared/a.json") == b"{}"
    assert "out of the workspace" in refusal(inside, "../secret.txt")
    assert "out of the workspace" in refusal(inside, "../shared/../secret.txt")


def test_what_is_not_a_regular_file_is_not_waited_for(inside: Workspace) -> None:
    os.mkfifo(inside.root / "pipe.yaml")
    (inside.root / "round.yaml").symlink_to("round.yaml")
    assert refusal(inside, "pipe.yaml") == "pipe.yaml is not a regular file"
    assert refusal(inside, "playbooks") == "playbooks is a folder"
    assert refusal(inside, "nothing.yaml") == "there is no file nothing.yaml"
    assert "round.yaml can't be" in refusal(inside, "round.yaml")


def test_a_file_larger_than_the_limit_is_not_read(inside: Workspace) -> None:
    (inside.root / "large.yaml").write_bytes(b"#" * (1 << 20) + b"#")
    assert "larger than 1048576 bytes" in refusal(inside, "large.yaml")


def test_mistakes_of_the_settings_are_raised_or_given(tmp_path: Path) -> None:
    root = space.make(tmp_path, gameday="[environment.shop]\n")
    with pytest.raises(InvalidFiles, match=r"gameday\.toml:1:2: unknown key 'environment'"):
        load_workspace(root, {})
    found, mistakes = open_workspace(root, {})
    assert found.settings.environments == {}
    assert len(mistakes) == 1


def test_a_secret_is_looked_up_when_it_is_used(inside: Workspace) -> None:
    (inside.root / "token").write_text("from a file\n")
    assert reveal(Secret("env:T"), inside, {"T": "from a variable"}) == "from a variable"
    assert reveal(Secret("file:token"), inside, {}) == "from a file"
    with pytest.raises(NotReady, match="the variable T is not set"):
        reveal(Secret("env:T"), inside, {})


def test_a_system_that_sends_no_alerts_is_a_mistake_for_every_command(tmp_path: Path) -> None:
    text = "[environments.shop]\nalerts = {alertmanagr = 'http://127.0.0.1:1'}\n"
    root = space.make(tmp_path, gameday=text)
    with pytest.raises(InvalidFiles, match=r"gameday\.toml:2:11: 'alertmanagr' is not a system"):
        load_workspace(root, {})


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        (
            "scenarios/experiments/slow.json",
            "did you mean experiments/slow.json? In a file of scenarios: ../experiments/slow.json",
        ),
        ("slow", "did you mean 'scenarios/slow.yaml'?"),
        ("slow.yaml", "did you mean 'scenarios/slow.yaml'?"),
        ("experiments/slo.json", "did you mean 'slow.json'?"),
    ],
)
def test_a_path_from_the_wrong_folder_is_hinted_at(inside: Workspace, path: str, hint: str) -> None:
    with pytest.raises(Unreadable) as wrong:
        inside.read(path)
    assert wrong.value.hint == hint
