"""The user's state folder: private, outside the workspace, and there without a home."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from gameday.system.state_folder import state_folder


def test_the_specifications_variable_comes_first(tmp_path):
    folder = state_folder({"XDG_STATE_HOME": str(tmp_path / "state")})
    assert folder == tmp_path / "state" / "gameday"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("environ", [{}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "relative"}])
def test_else_it_is_below_home(tmp_path, monkeypatch, environ):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder(environ) == tmp_path / ".local" / "state" / "gameday"


def no_home():
    raise RuntimeError("no home")


@pytest.mark.parametrize("home", [no_home, lambda: Path("/proc/no-such-home")])
def test_without_a_home_a_temporary_folder_of_the_user_serves(tmp_path, monkeypatch, home):
    monkeypatch.setattr(Path, "home", home)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert state_folder({}) == tmp_path / f"gameday-{os.getuid()}"


def test_a_link_that_somebody_laid_is_not_followed(tmp_path, monkeypatch):
    (tmp_path / "trap").mkdir()
    (tmp_path / f"gameday-{os.getuid()}").symlink_to(tmp_path / "trap")
    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(OSError, match="own folder"):
        state_folder({})


def test_a_folder_that_others_could_read_is_made_private(tmp_path):
    (tmp_path / "gameday").mkdir(mode=0o755)
    assert stat.S_IMODE(state_folder({"XDG_STATE_HOME": str(tmp_path)}).stat().st_mode) == 0o700
