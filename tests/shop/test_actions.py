"""Each action's arguments are read and checked from one table, which the commands are made from, too."""

from __future__ import annotations

import pytest

from gameday.core.errors import UsageError
from gameday.shop.actions import Argument
from gameday.shop.control import ACTIONS
from gameday.shop.settings import PAYMENT_SECONDS


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        (Argument("name"), None, "'name' is missing"),
        (Argument("name"), "", "'name' is missing"),
        (Argument("name"), ["a"], "'name' is missing"),
        (Argument("count", int), "3", "'count' is not a number"),
        (Argument("count", int), True, "'count' is not a number"),
        (Argument("delay", float, 0.0), None, "'delay' is not a number"),
        (Argument("on", bool), 1, "'on' is neither true nor false"),
    ],
)
def test_an_argument_of_another_kind_is_refused(argument: Argument, value: object, message: str):
    with pytest.raises(UsageError, match=message):
        argument.read({argument.name: value})


def test_an_argument_that_is_left_out_has_its_default():
    assert Argument("replica", default="").read({}) == ""
    assert Argument("replica", default="").read({"replica": None}) == ""
    assert Argument("status", int, 503).read({}) == 503


def test_commands_set_only_arguments_that_their_action_has():
    for action in ACTIONS.values():
        names = {argument.name for argument in action.arguments}
        assert all(command.fixed.keys() <= names for command in action.commands)


def test_every_command_is_of_one_action_and_has_help():
    commands = [command for action in ACTIONS.values() for command in action.commands]
    assert len({command.words for command in commands}) == len(commands)
    assert all(command.help for command in commands)


def test_faults_have_no_command():
    assert not ACTIONS["kill-replica"].commands
    assert not ACTIONS["edge-fault"].commands


def test_payments_take_as_long_by_default_as_the_shop_takes_them_to():
    (seconds,) = ACTIONS["payments"].arguments
    assert seconds.default == PAYMENT_SECONDS
