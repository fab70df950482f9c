"""The key that signs histories: made once, for its user alone, or refused in words."""

from __future__ import annotations

import os
import threading

import pytest

from gameday.core.errors import NotReady
from gameday.system import known_secrets
from gameday.system.signing_key import FILE_NAME, OWN, SigningKey
from gameday.system.state_folder import state_folder

KEY = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def file():
    return state_folder() / FILE_NAME


def test_reading_makes_no_key_and_signing_makes_one_for_its_user_alone():
    assert OWN.load() is None
    assert OWN.problem() == ""
    key = OWN.obtain()
    assert len(key) == 64
    assert (OWN.load(), OWN.obtain()) == (key, key)
    assert file().stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in state_folder().iterdir()] == [FILE_NAME]


def test_processes_that_make_it_at_once_have_one():
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(OWN.obtain())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(keys), len(set(keys))) == (8, 1)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602])
def test_one_that_others_can_use_is_refused(mode):
    OWN.obtain()
    file().chmod(mode)
    with pytest.raises(NotReady, match=f"others .mode {mode:04o}") as refused:
        OWN.obtain()
    assert f"rm {file()}" in refused.value.hint
    assert OWN.load() is None
    assert "others" in OWN.problem()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_one_of_another_user_is_refused():
    OWN.obtain()
    os.chown(file(), 65534, -1)
    with pytest.raises(NotReady, match="belongs to another user"):
        OWN.obtain()


def test_a_link_a_pipe_and_what_holds_no_key_are_refused(tmp_path):
    state_folder()
    (tmp_path / "elsewhere").write_text(KEY)
    file().symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotReady, match="can't be kept"):
        OWN.obtain()
    file().unlink()
    os.mkfifo(file(), 0o600)
    with pytest.raises(NotReady, match="not an ordinary file"):
        OWN.obtain()
    file().unlink()
    file().touch(mode=0o600)
    with pytest.raises(NotReady, match="does not hold a key"):
        OWN.obtain()


def test_a_shared_key_comes_from_its_variable_which_no_child_inherits(monkeypatch):
    monkeypatch.setenv("GAMEDAY_TEST_KEY", KEY)
    shared = SigningKey(variable="GAMEDAY_TEST_KEY")
    known_secrets.withhold(["GAMEDAY_TEST_KEY"])
    assert "GAMEDAY_TEST_KEY" not in os.environ
    assert (shared.load(), shared.handed_over()) == (KEY.encode(), KEY)
    assert known_secrets.for_our_own()["GAMEDAY_TEST_KEY"] == KEY
    assert known_secrets.redactor().text(f"the key is {KEY}") == "the key is ***"


def test_a_variable_that_is_not_set_never_falls_back_on_the_users_own_key():
    OWN.obtain()
    missing = SigningKey(variable="GAMEDAY_MISSING_KEY")
    with pytest.raises(NotReady, match="GAMEDAY_MISSING_KEY is not set"):
        missing.obtain()
    assert (missing.load(), missing.handed_over()) == (None, "")


def test_a_key_that_can_be_guessed_is_refused(monkeypatch):
    monkeypatch.setenv("GAMEDAY_SHORT_KEY", "hunter2")
    with pytest.raises(NotReady, match="shorter than 32"):
        SigningKey(variable="GAMEDAY_SHORT_KEY").obtain()


def test_a_second_one_is_never_made_while_the_first_is_there(tmp_path, monkeypatch):
    """Its folder may be read-only by now: what it has signed must not count as a stranger's."""
    key, first, access = OWN.obtain(), state_folder(), os.access
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(os, "access", lambda path, mode: path != first and access(path, mode))
    assert (OWN.load(), OWN.obtain(), OWN.problem()) == (key, key, "")
    assert not file().exists()
    (first / FILE_NAME).unlink()
    assert OWN.load() is None
    assert OWN.obtain() != key
    assert file().exists()
