from pathlib import Path

import pytest

from gameday.cli.workspace import init, validate
from gameday.core.errors import UsageError


def test_a_new_workspace_is_valid_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert init.initialise(tmp_path / "new") == 0
    monkeypatch.chdir(tmp_path / "new")
    assert validate.validate([], json=False, strict=True) == 0
    for name in ("gameday.toml", "experiments", "scenarios", "scorecards", "playbooks"):
        assert (tmp_path / "new" / name).exists()


def test_the_schema_that_a_scenario_names_for_editors_is_there(tmp_path: Path) -> None:
    init.initialise(tmp_path)
    for file in (tmp_path / "scenarios").glob("*.yaml"):
        named = file.read_text().split("$schema=")[1].split()[0]
        assert (file.parent / named).is_file()


def test_what_is_there_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gameday.toml").write_text("# mine\n")
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "login-outage.yaml").symlink_to("nowhere")
    assert init.initialise(tmp_path) == 0
    assert (tmp_path / "gameday.toml").read_text() == "# mine\n"
    assert (tmp_path / "scenarios" / "login-outage.yaml").is_symlink()
    assert f"kept {tmp_path}/gameday.toml: it already exists" in capsys.readouterr().err


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        init.initialise(tmp_path / "file" / "new")
