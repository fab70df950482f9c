"""The help of `gameday` and of its groups: every command under a heading, every sentence whole."""

import importlib.metadata
import subprocess
import sys

import pytest

from gameday.cli.respond import commands as respond_commands
from gameday.cli.shared import help_groups


def told(*words):
    command = [sys.executable, "-m", "gameday", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_every_command_stands_under_a_heading_that_says_whose_it_is():
    text = told("--help")
    assert all(f"\n  {name} " in text for name in respond_commands.COMMANDS)
    assert f"\n{help_groups.FACILITATOR}:\n" in text
    assert f"\n{help_groups.COMMANDS}:\n" not in text


@pytest.mark.parametrize("group", [(), ("plan",), ("schedule",), ("store",), ("shop",), ("policy",)])
def test_no_sentence_is_cut(group):
    _, _, commands = told(*group, "--help").partition("Show this message and exit.")
    assert commands.count(":\n") >= 1
    assert "..." not in commands


def test_it_tells_its_version():
    assert told("--version") == f"gameday {importlib.metadata.version('gameday-drills')}\n"
