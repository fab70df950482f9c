"""What holds for every command: data as JSON, errors as JSON, one name for the option that says who acts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from gameday.cli import app
from gameday.cli.respond import commands as fast

NO_DATA = {
    "announce": "sends a message",
    "export": "writes a file that is named",
    "import": "reads a file, and says what it was",
    "init": "writes a folder",
    "plan end": "records one fact",
    "plan extend": "records one fact",
    "plan hot-wash": "records answers",
    "plan next": "records one fact",
    "plan pause": "records one fact",
    "plan repeat": "records one fact",
    "plan report": "prints a document, whose data is in each drill's result.json",
    "plan resume": "records one fact",
    "plan skip": "records one fact",
    "revert": "reverts; `status --json` has what is in force",
    "review": "records answers",
    "schedule approve": "records one fact",
    "schedule pause": "records one fact",
    "schedule remove": "records one fact",
    "schedule resume": "records one fact",
    "serve": "runs until it is stopped",
    "shop": "a mitigation does, and prints one line; `shop status` and `shop trail` have the data",
    "worker": "runs until it is stopped",
}
KEYS = {"code", "message", "hint", "exit_code", "mistakes"}


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, command in (group or typer.main.get_command(app.command_line())).commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


SLOW = {name: command for name, command in commands() if name not in fast.COMMANDS}


def options(command: Any) -> list[tuple[str, ...]]:
    return [tuple(parameter.opts) for parameter in command.params]


@pytest.mark.parametrize("name", SLOW)
def test_a_command_gives_its_data_as_json_or_has_none(name):
    has_json = ("--json",) in options(SLOW[name])
    excused = name in NO_DATA or (name.startswith("shop ") and not has_json)
    assert has_json is not excused


@pytest.mark.parametrize("name", SLOW)
def test_who_acts_is_said_by_one_option_of_two_names(name):
    people = [names for names in options(SLOW[name]) if {"--by", "--as"} & set(names)]
    assert people in ([], [("--by", "--as")])


@pytest.mark.parametrize(
    "name", [*(name for name in SLOW if ("--json",) in options(SLOW[name])), *fast.COMMANDS]
)
def test_an_error_is_json_where_data_would_be(name, monkeypatch, capsys):
    words = [*name.split(), "--json", "--no-such-option"]
    monkeypatch.setattr(sys, "argv", ["gameday", *words])
    if name in fast.COMMANDS:
        from gameday.cli.respond import fast_path  # noqa: PLC0415

        assert fast_path.main(words, 1800000000.0) == 2
    else:
        assert app.main() == 2
    shown = capsys.readouterr()
    error = json.loads(shown.out)["error"]
    assert set(error) == KEYS
    assert error["exit_code"] == 2
    assert error["message"] in shown.err


def test_the_plan_of_a_game_day_is_started_by_its_own_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gameday", "run", "quarter.gameday.yaml"])
    assert app.main() == 2
    assert "hint: gameday plan start quarter.gameday.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["li", "plan st"])
def test_a_shell_completes_commands(words):
    asked = {
        "_GAMEDAY_COMPLETE": "complete_bash",
        "COMP_WORDS": f"gameday {words}",
        "COMP_CWORD": str(len(words.split())),
    }
    code = "import sys; sys.argv = ['gameday']; from gameday.__main__ import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **asked}, check=False
    )
    assert ended.stdout.split() == {"li": ["list"], "plan st": ["start"]}[words], ended.stderr
