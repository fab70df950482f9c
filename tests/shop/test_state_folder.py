"""The state folder is found from the workspace and from any folder within it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gameday.shop import state_folder
from gameday.shop.state_folder import Ports, StateFolder


@pytest.fixture(autouse=True)
def unnamed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GAMEDAY_SHOP_HOME", raising=False)


def test_a_drills_folder_finds_the_shop_of_its_workspace(tmp_path: Path, monkeypatch):
    (tmp_path / "gameday.toml").touch()
    drill = tmp_path / ".gameday" / "drills" / "d1"
    drill.mkdir(parents=True)
    monkeypatch.chdir(drill)
    assert state_folder.current().folder == tmp_path / ".gameday" / "shop"


def test_the_environment_says_it_first(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("GAMEDAY_SHOP_HOME", str(tmp_path))
    assert state_folder.current().folder == tmp_path


def test_a_record_counts_only_while_its_owner_lives(tmp_path: Path):
    folder = StateFolder(tmp_path)
    assert folder.read_record() is None
    written = state_folder.own_record(Ports())
    folder.write_record(written)
    assert folder.read_record() == written
    folder.record.write_text(
        folder.record.read_text().replace(f'"started_ticks": {written.started_ticks}', '"started_ticks": 1')
    )
    assert folder.read_record() is None


def test_half_a_record_is_none(tmp_path: Path):
    (tmp_path / "shop.json").write_text('{"pid": 1')
    assert StateFolder(tmp_path).read_record() is None
