"""The user's state folder: private, outside the workspace, and there without a home."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from gameday.system.state_folder import state_folder, state_folders


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


def test_a_folder_that_cannot_be_written_any_more_is_still_read(tmp_path, monkeypatch):
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    first, access = state_folder(environ), os.access
    assert state_folders(environ) == [first]
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(os, "access", lambda path, mode: path != first and access(path, mode))
    second = tmp_path / "home" / ".local" / "state" / "gameday"
    assert (state_folder(environ), state_folders(environ)) == (second, [first, second])


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_into_which_others_could_have_put_something_is_not_read(tmp_path, monkeypatch, mode):
    first = tmp_path / "gameday"
    first.mkdir()
    first.chmod(mode)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(Path, "chmod", no_chmod)
    assert first not in state_folders({"XDG_STATE_HOME": str(tmp_path)})


def no_chmod(*_arguments, **_options):
    raise PermissionError("read-only")
