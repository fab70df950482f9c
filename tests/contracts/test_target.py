"""What every Target promises: it says why it can't be reached, and comes up by its own command only."""

from __future__ import annotations

import asyncio

import pytest

from gameday.core.values import DrillId
from gameday.system.target import CommandTarget
from gameday.testing.drill.target import FakeTarget
from tests import ports

DOWN = ("down",)


@pytest.fixture(params=["command", "fake"])
def target(request, tmp_path):
    """Make a target that does not answer, with or without a command that should bring it up."""

    def make(*up):
        if request.param == "fake":
            return FakeTarget(why="no answer", up_command=up, up_works=up == ("true",))
        return CommandTarget(
            base_url=f"http://127.0.0.1:{ports.free()}",
            cwd=tmp_path,
            drill=DrillId("d1"),
            up_command=up,
            down_command=DOWN if up else (),
        )

    return make


def test_it_says_why_it_can_not_be_reached(target):
    assert asyncio.run(target().reachable())


def test_without_a_command_nothing_brings_it_up(target):
    assert asyncio.run(target().up()) is None
    assert target().hooks() == ((), ())


def test_a_command_that_fails_is_not_hidden(target):
    made = target("false")
    assert asyncio.run(made.up()).exit_code == 1
    assert asyncio.run(made.reachable())


def test_a_command_that_works_ends_with_0_and_is_given_as_its_hook(target):
    made = target("true")
    assert asyncio.run(made.up()).exit_code == 0
    assert made.hooks() == (("true",), DOWN)
