"""What files name is looked for without running any of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gameday.settings import load_workspace, static_look
from gameday.settings.catalogue import Catalogue
from tests.formats.mistakes import as_lines
from tests.settings import space

EXPERIMENT = space.FILES["experiments/slow.json"]
RUNS = "raise RuntimeError('it was run')\n"


def mistakes(root: Path) -> list[str]:
    catalogue = Catalogue(load_workspace(root, {}))
    catalogue.scenario("scenarios/slow.yaml")
    found = static_look.check(catalogue)
    return [f"{one.file}:{text}" for one, text in zip(found, as_lines(found), strict=True)]


def test_what_is_there_has_no_mistake(tmp_path: Path) -> None:
    assert mistakes(space.make(tmp_path)) == []


def test_a_load_shape_that_states_an_end_before_the_drill_s_is_warned_of(tmp_path: Path) -> None:
    users = space.FILES["experiments/load/shop.py"].replace("User,", "LoadTestShape, User,")
    shape = "\n\nclass S(LoadTestShape):\n    time_limit = 60\n    def tick(self): return self.time_limit\n"
    (only,) = mistakes(space.make(tmp_path, shop=users + shape))
    assert only.startswith("experiments/load/shop.py:10:1? S ends the load after 1 min 00 s")


def test_a_variable_of_the_environment_that_is_not_set_is_warned_of(tmp_path: Path, monkeypatch) -> None:
    root = space.make(tmp_path)
    monkeypatch.setenv("SET", "x")
    entries = [{"type": "env", "key": "SET"}, {"type": "env", "key": "UNSET", "default": "x"}]
    written = {f"v{at}": each for at, each in enumerate([*entries, {"type": "env", "key": "UNSET"}])}
    content = {
        **json.loads(EXPERIMENT),
        "configuration": written,
        "secrets": {"g": {"s": {"type": "env", "key": "S_UNSET"}}},
    }
    (root / "experiments" / "slow.json").write_text(json.dumps(content))
    found = mistakes(root)
    assert [line.split("variable ")[1].split(" ")[0] for line in found] == ["UNSET", "S_UNSET"]
    assert all("? the environment variable" in line for line in found)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("os.path", "os.pth", "module os.pth can't be imported: there is no module 'os.pth'"),
        (
            "os.path",
            "nowhere.at.all",
            "module nowhere.at.all can't be imported: there is no module 'nowhere'",
        ),
        ("os.path", "package.gone", "there is no module 'package.gone'"),
        ("os.path", "mine", "module mine defines no function 'basename'"),
        ('"p": "x"', '"path": "x"', "os.path.basename takes no argument 'path'"),
        ('"p": "x"', "", "os.path.basename lacks the argument 'p'"),
        (
            '"type": "python"',
            '"type": "process", "path": "no-such-command"',
            "command 'no-such-command' cannot be found",
        ),
    ],
)
def test_what_is_missing_is_reported_at_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    root = space.make(tmp_path)
    (root / "package").mkdir()
    (root / "package" / "__init__.py").write_text(RUNS)
    (root / "mine.py").write_text(RUNS + "def other(): pass\n")
    (root / "experiments" / "slow.json").write_text(EXPERIMENT.replace(old, new))
    (only,) = mistakes(root)
    assert said in only
    assert not only.startswith("experiments/slow.json:1:1 ")


@pytest.mark.parametrize("allowed", [[], ["other"], ["chaos-*"]])
def test_modules_of_packages_that_are_to_be_installed_are_warned_of_and_other_mistakes_stay(
    tmp_path: Path, allowed: list[str]
) -> None:
    root = space.make(tmp_path)
    with (root / "gameday.toml").open("a") as settings:
        settings.write(f"[environments.shop.policy]\npackages = {json.dumps(allowed)}\n")
    content = {**json.loads(EXPERIMENT), "runtime": {"python": {"dependencies": ["chaos-tiny"]}}}
    (root / "mine.py").write_text("def other(): pass\n")
    wrong = {"type": "python", "module": "mine", "func": "none"}
    theirs = {"type": "python", "module": "chaos_tiny", "func": "ok"}
    content["method"] += [
        {"type": "action", "name": name, "provider": provider}
        for name, provider in (("b", theirs), ("c", wrong))
    ]
    (root / "experiments" / "slow.json").write_text(json.dumps(content))
    found = mistakes(root)
    may = "chaos-*" in allowed
    assert [("? " in line.split("the experiment")[0]) for line in found if "chaos-tiny" in line] == [may]
    assert [("? " in line.split("module")[0]) for line in found if "'chaos_tiny'" in line] == [may]
    assert [("? " in line.split("module")[0]) for line in found if "'none'" in line] == [False]


@pytest.mark.parametrize("name", ["package.part", "plain", "spaced.deep.part"])
def test_a_module_of_the_workspace_is_found_and_not_run(tmp_path: Path, name: str) -> None:
    root = space.make(tmp_path)
    file = root.joinpath(*name.split(".")).with_suffix(".py")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(RUNS + "def basename(p): pass\n")
    if name.startswith("package"):
        (root / "package" / "__init__.py").write_text(RUNS)
    (root / "experiments" / "slow.json").write_text(EXPERIMENT.replace("os.path", name))
    before = set(sys.modules)
    assert mistakes(root) == []
    assert not {
        module for module in set(sys.modules) - before if module.partition(".")[0] == name.partition(".")[0]
    }


@pytest.mark.parametrize(
    "text",
    [
        "from os.path import *\n",
        "def __getattr__(name): return print\n",
        "globals()['basename'] = print\n",
        "try:\n    from os.path import basename\nexcept ImportError:\n    basename = None\n",
        "import functools\n@functools.cache\ndef basename(): pass\n",
        "def basename(**anything): pass\n",
        "def basename(p, configuration, secrets=None): pass\n",
    ],
)
def test_a_function_that_may_be_there_is_no_mistake(tmp_path: Path, text: str) -> None:
    root = space.make(tmp_path)
    (root / "mine.py").write_text(text)
    (root / "experiments" / "slow.json").write_text(EXPERIMENT.replace("os.path", "mine"))
    assert mistakes(root) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "import nowhere_at_all\nclass A: pass\n",
            "1:1 ModuleNotFoundError: No module named 'nowhere_at_all'",
        ),
        ("from locust import User\nfrom locust.nothing import x\n", "2:1 ModuleNotFoundError"),
        ("class A(:\n", "1:9 SyntaxError"),
        ("x = 1\n", "no User class"),
    ],
)
def test_what_a_locustfile_lacks_is_reported(tmp_path: Path, text: str, said: str) -> None:
    (only,) = mistakes(space.make(tmp_path, shop=text))
    assert said in only


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    import nowhere_at_all\nexcept ImportError:\n    pass\nfrom common import Users\n",
        RUNS + "from locust import User\nclass A(User): pass\n",
        "def test_it(): pass\n",
    ],
)
def test_what_a_locustfile_may_do_without_is_no_mistake(tmp_path: Path, text: str) -> None:
    root = space.make(tmp_path, shop=text)
    (root / "experiments" / "load" / "common.py").write_text(RUNS)
    assert mistakes(root) == []


def locust(root: Path, source: str, load: str = "", **files: str) -> list[str]:
    """Look at a locustfile in a scenario whose load has further keys."""
    (root / "experiments" / "load" / "shop.py").write_text(source)
    scenario = root / "scenarios" / "slow.yaml"
    scenario.write_text(scenario.read_text().replace("load/shop.py}", f"load/shop.py{load}}}"))
    for name, text in files.items():
        (root / name.replace("_", ".")).write_text(text)
    return mistakes(root)


NEEDY = (
    "from locust import HttpUser, events\n"
    "@events.init_command_line_parser.add_listener\n"
    "def add(parser):\n    parser.add_argument('--token', required=True, env_var='TOKEN')\n"
    "class A(HttpUser): pass\n"
)


def test_an_argument_that_a_locustfile_requires_must_be_given(tmp_path: Path) -> None:
    (line,) = locust(space.make(tmp_path / "a"), NEEDY)
    assert line == (
        "scenarios/slow.yaml:5:1 experiments/load/shop.py, line 4, requires the argument --token "
        '| write args: ["--token", "…"] under load'
    )
    assert locust(space.make(tmp_path / "b"), NEEDY, ", args: [--token=x]") == []
    assert locust(space.make(tmp_path / "c"), NEEDY, ", env: {TOKEN: x}") == []
    assert locust(space.make(tmp_path / "d"), NEEDY, locust_conf="token = x\n") == []


def test_what_has_no_effect_in_the_files_and_variables_that_locust_reads_is_named(tmp_path: Path) -> None:
    plain = space.FILES["experiments/load/shop.py"]
    lines = locust(space.make(tmp_path), plain, ", env: {LOCUST_RUN_TIME: 3s}", locust_conf="run-time = 3s\n")
    assert [line.partition(" | ")[0] for line in lines] == [
        "experiments/load/shop.py:1:1? the variable LOCUST_RUN_TIME has no effect on the load of a drill",
        "locust.conf:1:1? 'run-time' has no effect on the load of a drill",
    ]
