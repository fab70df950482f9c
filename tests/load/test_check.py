"""Locustfiles that import, and those that do not, in one real child process."""

from __future__ import annotations

import time

import pytest

from gameday.core.plans.scenario import Load
from gameday.load import check

GOOD = "from locust import HttpUser, task\n\nclass A(HttpUser):\n    @task\n    def t(self): pass\n"


def written(folder, **files: str) -> list[str]:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return [f"{name}.py" for name in files]


def test_good_locustfiles_have_no_mistakes(tmp_path) -> None:
    files = written(
        tmp_path, one=GOOD, two="import locust\nprint('hello')\nclass B(locust.FastHttpUser): pass\n"
    )
    assert check.mistakes(files, cwd=tmp_path) == ()


def test_every_bad_file_is_named_with_its_line(tmp_path) -> None:
    files = written(
        tmp_path,
        missing="import locust\n\nimport nowhere_at_all\n",
        syntax="import locust\nclass A(:\n",
        empty="import locust\nfrom locust import HttpUser\n",
        leaves="import sys\nsys.exit(3)\n",
        good=GOOD,
    )
    found = {m.file: m for m in check.mistakes(files, cwd=tmp_path)}
    assert {file: m.line for file, m in found.items()} == {
        "missing.py": 3,
        "syntax.py": 2,
        "empty.py": 1,
        "leaves.py": 2,
    }
    assert "nowhere_at_all" in found["missing.py"].message
    assert found["syntax.py"].column == 9
    assert "no User class" in found["empty.py"].message


def test_the_line_is_the_locustfiles_own_when_a_helper_fails(tmp_path) -> None:
    files = written(tmp_path, user="import locust\nimport helper\n" + GOOD)
    written(tmp_path, helper="\n\n\n\nraise RuntimeError('two\\nlines')\n")
    [mistake] = check.mistakes(files, cwd=tmp_path)
    assert (mistake.line, mistake.message) == (2, "RuntimeError: two")


def test_two_files_have_helpers_of_the_same_name(tmp_path) -> None:
    files = []
    for folder, value in (("a", 1), ("b", 2)):
        (tmp_path / folder).mkdir()
        written(tmp_path / folder, common=f"VALUE = {value}\n")
        written(tmp_path / folder, shop=f"import common\nassert common.VALUE == {value}\n" + GOOD)
        files.append(f"{folder}/shop.py")
    assert check.mistakes(files, cwd=tmp_path) == ()


def test_a_locustfile_is_among_the_modules_as_under_locust(tmp_path) -> None:
    text = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass Item:\n    name: str\n" + GOOD.replace("locust import", "locust import events,")
    )
    # One is called as a module that is there already; the next file needs that.
    files = written(tmp_path, users=text, json=text, after="import json\njson.dumps(1)\n" + GOOD)
    assert check.mistakes(files, cwd=tmp_path) == ()


def test_files_and_folders_called_locust_do_not_hide_locust(tmp_path) -> None:
    (tmp_path / "locust").mkdir()
    written(tmp_path / "locust", __init__="", users=GOOD)
    (tmp_path / "load").mkdir()
    written(tmp_path / "load", locust=GOOD)
    assert check.mistakes(["locust/users.py", "load/locust.py"], cwd=tmp_path) == ()


@pytest.mark.parametrize("text", ["while True: pass\n", "import os\nos._exit(0)\n"])
def test_a_file_that_hangs_or_ends_the_process_is_named(tmp_path, text) -> None:
    files = written(tmp_path, good=GOOD, bad=f"open('begun', 'w')\n{text}")
    checked, end = check.Check(files, cwd=tmp_path), time.monotonic() + 60
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    [mistake] = checked.mistakes(within=1)
    assert mistake.file == "bad.py"


def test_a_missing_file_and_a_forbidden_name_are_reported(tmp_path) -> None:
    files = [*written(tmp_path, gameday=GOOD), "none.py"]
    found = {m.file: m.message for m in check.mistakes(files, cwd=tmp_path)}
    assert "hides gameday" in found["gameday.py"]
    assert "FileNotFoundError" in found["none.py"]


def test_nothing_to_check_starts_nothing(tmp_path) -> None:
    assert check.Check([], cwd=tmp_path).mistakes() == ()


NEEDY = """
from locust import HttpUser, events

@events.init_command_line_parser.add_listener
def add(parser):
    parser.add_argument("--{name}", required=True)

class A(HttpUser):
    pass
"""


def test_arguments_are_parsed_as_locust_will_and_each_file_has_its_own(tmp_path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(NEEDY.replace("{name}", name))
    loads = {
        "one.py": [Load(locustfile="one.py", args=("--one", "x"))],
        "two.py": [Load(locustfile="two.py", args=("--one", "x"))],
    }
    (mistake,) = check.Check(["one.py", "two.py"], cwd=tmp_path, loads=loads).mistakes()
    assert mistake.file == "two.py"
    assert "the following arguments are required: --two" in mistake.message
    assert mistake.hint == check.ARGUMENTS


SHAPE = """
from locust import LoadTestShape

class Peak(LoadTestShape):
    def tick(self):
        return (5, 5) if self.get_run_time() < {end} else None
"""


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        (
            SHAPE.format(end=90),
            [(9, "Peak ends the load after 1 min 30 s, and the drill may take 2 min 00 s")],
        ),
        (SHAPE.format(end=500), []),
        (SHAPE.format(end="self.runner.nothing"), []),
        (SHAPE.format(end="__import__('time').sleep(1)"), []),
    ],
)
def test_a_load_shape_that_ends_before_the_drill_is_warned_of_where_it_can_be_known(
    tmp_path, shape, found
) -> None:
    files = written(tmp_path, one=f"{GOOD}{shape}")
    load = {"one.py": [Load(locustfile="one.py")]}
    asked = check.Check(files, cwd=tmp_path, loads=load, lasting={"one.py": 120.0}).mistakes()
    assert [(each.line, each.message.partition(":")[0]) for each in asked] == found
    assert all(each.warning for each in asked)
