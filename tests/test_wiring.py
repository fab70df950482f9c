"""What the composition root decides about keys."""

from __future__ import annotations

import os

import pytest

from gameday import wiring
from gameday.core.errors import InvalidFiles, NotReady
from gameday.system import child_environment

POSTGRESQL = "postgresql+psycopg://ada@127.0.0.1:9/none"
KEY = "k" * 40


@pytest.fixture
def space(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def made(text: str):
        (tmp_path / "gameday.toml").write_text(text, encoding="utf-8")
        return wiring.workspace(tmp_path)

    return made


def test_a_shared_store_without_a_key_is_refused_with_the_line_to_write(space):
    with pytest.raises(NotReady, match="share this store") as refused:
        wiring._key_check(space(f'[store]\nurl = "{POSTGRESQL}"\n'))()
    assert '[store] key = "env:GAMEDAY_STORE_KEY"' in refused.value.hint
    assert refused.value.exit_code == 5


def test_a_store_of_this_host_alone_needs_none_and_a_shared_one_takes_the_variable(space, monkeypatch):
    assert "own key" in wiring._key_check(space(""))()
    monkeypatch.setenv("GAMEDAY_STORE_KEY", KEY)
    named = space(f'[store]\nurl = "{POSTGRESQL}"\nkey = "env:GAMEDAY_STORE_KEY"\n')
    assert wiring._key_check(named)() == "signed by the key in GAMEDAY_STORE_KEY"


def test_a_variable_that_is_not_set_is_named_when_a_drill_starts_and_not_before(space):
    named = space('[store]\nkey = "env:GAMEDAY_STORE_KEY"\n')
    with pytest.raises(NotReady, match="GAMEDAY_STORE_KEY is not set"):
        wiring._key_check(named)()


@pytest.mark.parametrize("name", ["HOME", "PATH", "PYTHON_SHA256", "GAMEDAY_DRILL", "GPG_KEY"])
def test_a_workspace_can_not_name_a_variable_whose_value_a_stranger_knows(space, name):
    with pytest.raises(InvalidFiles, match="begins with GAMEDAY_ and ends with KEY"):
        space(f'[store]\nkey = "env:{name}"\n')


def test_what_the_settings_name_reaches_no_child_but_our_own(space, monkeypatch):
    for name in ("GAMEDAY_STORE_KEY", "CHAT_URL", "FEED_TOKEN"):
        monkeypatch.setenv(name, KEY)
    named = space(
        '[store]\nkey = "env:GAMEDAY_STORE_KEY"\n[server]\ntoken = "env:FEED_TOKEN"\n'
        '[integrations.chat]\nkind = "apprise"\nsecret = "env:CHAT_URL"\n'
    )
    assert KEY not in {**os.environ, **child_environment.make({})}.values()
    assert wiring.signing_key(named).obtain() == KEY.encode()
