"""Which of Locust's options have no effect on the load of a drill."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gameday.formats.experiment import locust_options
from tests.formats.mistakes import as_lines


@pytest.mark.parametrize(
    ("argument", "option"),
    [
        ("--run-time=5s", "--run-time"),
        ("--run-time", "--run-time"),
        ("-t5s", "--run-time"),
        ("-u", "--users"),
        ("-f", "--locustfile"),
        ("--config", "--config"),
        ("--token", ""),
        ("--user", ""),
        ("-x", ""),
        ("-5", ""),
        ("users", ""),
        ("--tags", ""),
    ],
)
def test_an_argument_that_a_drill_decides_is_recognized(argument: str, option: str) -> None:
    assert locust_options.named(argument)[0] == option


LIST = (
    "from locust.argument_parser import get_parser\n"
    "print(*(option for action in get_parser()._actions for option in action.option_strings))"
)


def test_every_option_that_a_drill_decides_is_one_of_locusts() -> None:
    # In a process of its own: importing Locust changes the standard library.
    done = subprocess.run([sys.executable, "-c", LIST], capture_output=True, text=True, check=True)
    known = set(done.stdout.split())
    assert {f"--{name}" for name in locust_options.DECIDED} <= known


CONF = b"# a comment\nrun-time = 3s\nusers 2\n--master\ntags = read\n[a section]\nweb_port: 1\n"
PROJECT = b'[tool.other]\nusers = 1\n[tool.locust]\nrun-time = "3s"\ntags = ["a"]\n'


@pytest.mark.parametrize(
    ("file", "content", "lines"),
    [
        (
            "locust.conf",
            CONF,
            [(2, "'run-time'"), (3, "'users'"), (4, "'master'"), (7, "'web-port'")],
        ),
        ("pyproject.toml", PROJECT, [(4, "'run-time'")]),
        ("pyproject.toml", b"= broken", []),
    ],
)
def test_what_has_no_effect_in_a_file_of_locusts_is_warned_of_by_name(
    file: str, content: bytes, lines: list[tuple[int, str]]
) -> None:
    found = list(locust_options.in_file(file, content))
    assert [(one.line, one.message.split(" ")[0]) for one in found] == lines
    assert all(one.warning and one.hint for one in found)


def test_a_variable_that_has_no_effect_is_warned_of_by_name() -> None:
    found = locust_options.in_variables("a.py", ["LOCUST_RUN_TIME", "LOCUST_TAGS", "LOCUST_MODE_MASTER"])
    assert [line.partition(" | ")[0] for line in as_lines(tuple(found))] == [
        "1:1? the variable LOCUST_MODE_MASTER has no effect on the load of a drill",
        "1:1? the variable LOCUST_RUN_TIME has no effect on the load of a drill",
    ]
