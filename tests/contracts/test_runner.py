"""What every Runner promises: the exit code of a command, and 127 for one that can't be started."""

from __future__ import annotations

import asyncio

import pytest

from gameday.system.target import CommandRunner
from gameday.testing.drill.runner import FakeRunner
from gameday.testing.world import World


@pytest.fixture(params=["command", "fake"])
def run(request, tmp_path):
    """Give what runs a command to its end."""
    fake = FakeRunner(world=World(fault=True), fixes=[("true",)])
    runner = CommandRunner(cwd=tmp_path) if request.param == "command" else fake
    return lambda *argv: asyncio.run(runner.run(argv, timeout=10.0, actor="anna"))


def test_a_command_that_works_ends_with_0(run):
    assert run("true").exit_code == 0


def test_a_command_that_can_not_be_started_ends_with_127_and_says_why(run):
    outcome = run("there-is-no-such-command")
    assert outcome.exit_code == 127
    assert outcome.output
