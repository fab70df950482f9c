"""Words that the command line can't read are answered as everything else is: what is wrong, and a hint."""

from __future__ import annotations

import sys

import pytest

from gameday.cli import app


@pytest.fixture
def say(monkeypatch, capsys):
    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["gameday", *words])
        code = app.main()
        told = capsys.readouterr()
        assert told.out == ""
        return code, told.err

    return run


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (["schedule", "ad"], "no such command 'ad'", "did you mean 'add'?"),
        (["xyzzy"], "no such command 'xyzzy'", "gameday --help"),
        (["plan", "start"], "missing argument 'plan'", "gameday plan start --help"),
        (["ci", "--repeet", "3"], "no such option: --repeet", "possible options: --repeat, --responder"),
        (["run", "--environment"], "option '--environment' requires an argument", "gameday --help"),
        (
            ["calendar", "--days", "0"],
            "invalid value for '--days': input should be greater than or equal to 1",
            "gameday calendar --help",
        ),
        (
            ["shop", "flag", "x", "maybe"],
            "invalid value for 'state': 'maybe' is not one of 'on', 'off'",
            "gameday shop flag --help",
        ),
    ],
)
def test_what_cannot_be_read_is_an_error_with_a_hint(say, words, error, hint):
    assert say(*words) == (2, f"error: {error}\nhint: {hint}\n")


def test_a_group_without_a_command_shows_its_help(say):
    code, told = say("schedule")
    assert code == 2
    assert told.startswith("Usage: ")
    assert "Add a schedule." in told
