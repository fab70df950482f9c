"""Who acts is known on every machine."""

from __future__ import annotations

import getpass
import os

import pytest

from gameday.system.actor import current_actor, login


def _no_entry(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def getuser() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", getuser)


def test_the_environment_names_the_actor() -> None:
    assert current_actor({"GAMEDAY_ACTOR": "ada"}) == "ada"


@pytest.mark.parametrize("environ", [{}, {"GAMEDAY_ACTOR": ""}])
def test_without_a_name_it_is_the_login(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "rita")
    assert current_actor(environ) == "rita"


@pytest.mark.parametrize("error", [KeyError("uid not found"), OSError("No username set in the environment")])
def test_a_uid_without_a_passwd_entry_names_itself(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    _no_entry(monkeypatch, error)
    assert login() == current_actor({}) == f"uid-{os.getuid()}"
