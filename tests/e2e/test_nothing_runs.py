"""Nothing that a file names is run before a policy allows it: modules, locustfiles, controls, extensions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.settings import space

pytestmark = pytest.mark.e2e

LEAVES_A_MARK = (
    "import os, pathlib\n"
    "pathlib.Path(os.environ['MARKS'], __name__.replace('.', '_')).touch()\n"
    "def act():\n    return True\n"
)
MODULES = (
    "evil",
    "evil_package/__init__",
    "evil_package/part",
    "evil_control",
    "evil_setting",
    "kubernetes",
    "boto3",
)
POLICY = "[environments.shop]\nbase_url = 'http://127.0.0.1:1'\n[environments.shop.policy]\n"
CLUSTER = (
    "[environments.shop.kubernetes]\ncontext = 'x'\ncluster_uid = 'u'\n"
    "[environments.shop.aws]\naccount = '123456789012'\nregion = 'eu-central-1'\n"
)
SCENARIO = "scenarios/slow.yaml"
PLAN = "gameday: day\ntitle: t\nenvironment: shop\ndate: 2026-12-01T10:00\nagenda: [{scenario: slow.yaml}]\n"
SCHEDULE = (
    "schedule",
    "add",
    SCENARIO,
    "--cron",
    "0 10 * * *",
    "--responder",
    "scenarios/responders/slow.yaml",
)
COMMANDS: list[tuple[tuple[str, ...], set[int]]] = [
    (("validate",), {0}),
    (("validate", "--strict"), {2}),
    (("validate", "--import"), {0}),
    (("policy", "check", SCENARIO), {5}),
    (("doctor",), {0, 5}),
    (("run", SCENARIO, "--dry-run"), {5}),
    (("run", SCENARIO, "--yes"), {5}),
    (("plan", "check", "scenarios/day.gameday.yaml"), {0, 2, 5}),
    (SCHEDULE, {0}),
    (("ci", SCENARIO, "--responder", "scenarios/responders/slow.yaml"), {5}),
    (("list",), {0}),
    (("show",), {0, 2}),
]


def provider(module: str) -> dict[str, object]:
    return {"type": "python", "module": module, "func": "act"}


EXPERIMENT = {
    "title": "t",
    "description": "d",
    "controls": [{"name": "c", "provider": {"type": "python", "module": "evil_control"}}],
    "method": [
        {"type": "action", "name": "a", "provider": provider("evil")},
        {"type": "action", "name": "b", "provider": provider("evil_package.part")},
    ],
    "rollbacks": [{"type": "action", "name": "r", "provider": provider("evil")}],
    "extensions": [
        {"name": "gameday", "still-exposed": {"type": "probe", "name": "s", "provider": provider("evil")}}
    ],
}
LOCUSTFILE = LEAVES_A_MARK + "from locust import User\nclass A(User):\n    pass\n"
SETTINGS = "controls:\n  spy:\n    provider: {type: python, module: evil_setting}\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = space.make(
        tmp_path / "space", gameday=POLICY + "providers = ['python:mine']\n" + CLUSTER, shop=LOCUSTFILE
    )
    (root / "experiments" / "slow.json").write_text(json.dumps(EXPERIMENT))
    (root / "scenarios" / "day.gameday.yaml").write_text(PLAN)
    for name in MODULES:
        file = root / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(LEAVES_A_MARK)
    (tmp_path / ".chaostoolkit").mkdir()
    (tmp_path / ".chaostoolkit" / "settings.yaml").write_text(SETTINGS)
    (tmp_path / "marks").mkdir()
    return root


def gameday(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HOME": str(root.parent), "MARKS": str(root.parent / "marks")}
    script = Path(sys.executable).with_name("gameday")
    return subprocess.run(
        [script, *words], cwd=root, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def marks(root: Path) -> list[str]:
    return sorted(mark.name for mark in (root.parent / "marks").iterdir())


@pytest.mark.parametrize(("words", "codes"), COMMANDS, ids=[" ".join(words[:2]) for words, _ in COMMANDS])
def test_a_command_runs_nothing_that_the_policy_denies(
    workspace: Path, words: tuple[str, ...], codes: set[int]
):
    ran = gameday(workspace, *words)
    assert marks(workspace) == []
    assert ran.returncode in codes, ran.stderr


ALLOWED = (
    POLICY
    + "providers = ['python:evil', 'python:evil_package', 'python:evil_control', 'python:evil_setting']\nhosts = ['loopback']\n"
)
RUNS: list[tuple[tuple[str, ...], Callable[[int], bool]]] = [
    (("validate", "--import"), lambda code: code == 0),
    (("run", SCENARIO, "--dry-run"), lambda code: code == 0),
]


@pytest.mark.parametrize(("words", "ended"), RUNS, ids=["validate", "dry run"])
def test_what_the_policy_allows_is_imported_in_a_child(
    workspace: Path, words: tuple[str, ...], ended: Callable[[int], bool]
):
    (workspace / "gameday.toml").write_text(ALLOWED)
    ran = gameday(workspace, *words)
    assert ended(ran.returncode), ran.stderr
    assert {"evil", "evil_package_part", "evil_control", "shop"} <= set(marks(workspace))


def test_validate_alone_imports_nothing_even_where_the_policy_allows_it(workspace: Path):
    (workspace / "gameday.toml").write_text(ALLOWED)
    assert gameday(workspace, "validate").returncode == 0
    assert marks(workspace) == []


@pytest.mark.parametrize(
    ("old", "new", "code", "named"),
    [
        ("evil_package.part", "evil_package.gone", 2, "evil_package.gone"),
        ('"func": "act"', '"func": "gone"', 2, "gone"),
        (
            '"title": "t"',
            '"title": "t", "configuration": {"x": {"type": "env", "key": "NOT_SET"}}',
            5,
            "NOT_SET",
        ),
        (
            '{"type": "python", "module": "evil", "func": "act"}',
            '{"type": "process", "path": "no-such"}',
            2,
            "no-such",
        ),
        ('"module": "evil_control"', '"module": "os"', 5, "python:os"),
    ],
    ids=["module", "function", "variable", "command", "policy"],
)
def test_a_dry_run_refuses_what_preflight_would_refuse(
    workspace: Path, old: str, new: str, code: int, named: str
):
    (workspace / "gameday.toml").write_text(ALLOWED)
    file = workspace / "experiments" / "slow.json"
    file.write_text(file.read_text().replace(old, new))
    ran = gameday(workspace, "run", SCENARIO, "--dry-run")
    assert ran.returncode == code, ran.stderr
    assert named in ran.stderr


def test_a_dry_run_names_what_it_did_not_check(workspace: Path):
    (workspace / "gameday.toml").write_text(ALLOWED)
    ran = gameday(workspace, "run", SCENARIO, "--dry-run")
    assert "not checked here: leases and earlier drills, whether the target answers" in ran.stdout
    data = json.loads(gameday(workspace, "run", SCENARIO, "--dry-run", "--json").stdout)
    assert "steady state" in data["not_checked"]


@pytest.mark.parametrize(
    "text",
    ["import os; os._exit(0)\n", "raise SystemExit(3)\n", "x = 'a' * (8 << 30)\n"],
)
def test_an_import_that_ends_or_eats_memory_is_a_mistake(workspace: Path, text: str):
    (workspace / "gameday.toml").write_text(ALLOWED)
    (workspace / "experiments" / "load" / "shop.py").write_text(
        space.FILES["experiments/load/shop.py"] + text
    )
    ran = gameday(workspace, "run", SCENARIO, "--dry-run")
    assert ran.returncode == 2, ran.stderr
    assert "experiments/load/shop.py" in ran.stderr
