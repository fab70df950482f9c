"""No command ends with 1 because of an error of ours: 70, 4, 130 or 143, one line, and a report."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time

import pytest

PROGRAM = """
import sys, time, os, signal
from gameday.cli.shared import guard, output
{before}
def command():
{body}
    return 0
sys.exit(guard.run(command, sys.argv[1:]))
"""


def program(body: str, before: str = "") -> str:
    return PROGRAM.format(before=before, body="\n".join(f"    {line}" for line in body.splitlines()))


def call(body: str, *words: str, cwd, before: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program(body, before), *words],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "gameday.toml").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    "body",
    [
        "raise ValueError('a\\nb \\x1b[31m')",
        "raise MemoryError",
        "def f(): f()\nf()",
        "sys.exit('a library gave up')",
        "sys.exit(1)",
        "sys.exit(0)",
        "raise BaseExceptionGroup('several', [SystemExit(1)])",
        "raise ExceptionGroup('several', [ValueError('x'), OSError(32, 'Broken pipe')])",
        "raise BrokenPipeError(32, 'Broken pipe')",
        "import gameday.no_such_module",
        "class E(Exception):\n    def __str__(self): raise KeyError\nraise E",
        "raise GeneratorExit",
    ],
)
def test_what_nobody_foresaw_is_70_one_line_and_a_report(body, workspace):
    done = call(body, cwd=workspace)
    (report,) = (workspace / ".gameday").iterdir()
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (70, "", 1)
    assert done.stderr.startswith("error: gameday's own error: ")
    assert str(report) in done.stderr
    assert "\x1b" not in done.stderr
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert "Traceback" in report.read_text(encoding="utf-8") or "SystemExit" in report.read_text(
        encoding="utf-8"
    )


def test_a_report_masks_secrets(workspace):
    done = call("raise ValueError(os.environ['SHOP_TOKEN'])", cwd=workspace, SHOP_TOKEN="hunter2-hunter2")
    (report,) = (workspace / ".gameday").iterdir()
    assert "hunter2" not in done.stderr + report.read_text(encoding="utf-8")


def test_outside_a_workspace_the_report_is_in_the_temporary_folder(tmp_path):
    done = call("raise ValueError", cwd=tmp_path, TMPDIR=str(tmp_path))
    (report,) = tmp_path.iterdir()
    assert done.returncode == 70
    assert str(report) in done.stderr


def test_a_report_that_can_be_written_nowhere_changes_no_code(workspace):
    done = call("raise ValueError", cwd=workspace, before="guard.write_report = lambda *_: None")
    assert done.returncode == 70
    assert "could not be written" in done.stderr


@pytest.mark.parametrize(
    ("question", "code"),
    [("lambda: True", 4), ("lambda: False", 70), ("lambda: 1 / 0", 4), ("lambda: time.sleep(60)", 4)],
)
def test_where_a_fault_may_be_in_force_it_is_4(question, code, workspace):
    body = f"guard.ANSWER_LIMIT = 0.3\nwith guard.at_stake({question}):\n    raise ValueError('x')"
    done = call(body, cwd=workspace)
    assert done.returncode == code
    assert ("a fault may still be in force, run gameday revert --all now" in done.stderr) == (code == 4)


def test_a_question_that_is_settled_is_not_asked(workspace):
    body = "with guard.at_stake(lambda: True):\n    pass\nraise ValueError"
    assert call(body, cwd=workspace).returncode == 70


def test_with_json_the_error_is_one_document(workspace):
    done = call("raise ValueError('x')", "run", "--json", cwd=workspace)
    document = json.loads(done.stdout)
    assert (document["error"]["code"], document["error"]["exit_code"]) == ("internal", 70)
    assert "ValueError: x" in document["error"]["message"]
    assert document["reverted"] is True
    printed = call("output.data_json({})\nraise ValueError('x')", "--json", cwd=workspace)
    assert json.loads(printed.stdout) == {}


AS_TYPER_HAS_IT = """import typer
app = typer.Typer()
@app.command()
def sleep():
    time.sleep(30)
return app(standalone_mode=False)"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize(
    "body", ["time.sleep(30)", "import asyncio; asyncio.run(asyncio.sleep(30))", AS_TYPER_HAS_IT]
)
def test_a_signal_ends_a_command_without_a_traceback(number, code, body, workspace):
    child = subprocess.Popen(
        [sys.executable, "-c", program(f"print('ready')\n{body}")],
        cwd=workspace,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.stdout.readline()
    time.sleep(0.3)
    child.send_signal(number)
    _, err = child.communicate(timeout=20)
    assert (child.returncode, err) == (code, "interrupted\n")


def test_data_that_is_lost_is_no_success_except_of_a_drill(workspace):
    for before, code in (("", 70), ("guard.conducts()", 0)):
        with open("/dev/full", "w") as full:  # noqa: PTH123
            done = subprocess.run(
                [sys.executable, "-c", program("output.data('x')", before)],
                cwd=workspace,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                timeout=30,
                check=False,
            )
        assert done.returncode == code
        assert "the output is incomplete: No space left on device" in done.stderr


@pytest.mark.parametrize(
    "broken", ["gameday/cli/app.py", "gameday/core/errors.py", "gameday/cli/shared/guard.py"]
)
def test_a_damaged_installation_is_70(broken, workspace):
    code = (
        "import sys\n"
        "class Broken:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {broken.removesuffix('.py').replace('/', '.')!r}: raise SyntaxError('damaged')\n"
        "sys.meta_path.insert(0, Broken())\n"
        "sys.argv = ['gameday', 'list']\n"
        "from gameday.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=workspace,
        env={**os.environ, "TMPDIR": str(workspace)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (70, 1)
    assert "damaged" in done.stderr


def test_a_working_folder_that_was_deleted_is_named(tmp_path):
    folder = tmp_path / "gone"
    shell = f"mkdir {folder} && cd {folder} && rmdir {folder} && {sys.executable} -P -m gameday"
    for words in ("list", "ack", "validate", "schedule list", "run x.yaml"):
        done = subprocess.run(
            ["sh", "-c", f"{shell} {words}"], capture_output=True, text=True, timeout=30, check=False
        )
        assert (done.returncode, done.stderr) == (
            2,
            "error: the working folder no longer exists\nhint: change into the workspace: cd FOLDER\n",
        )


def test_a_signal_to_a_typer_command_asks_whether_a_fault_may_be_in_force(workspace):
    held = "with guard.at_stake(lambda: True): time.sleep(os.kill(os.getpid(), 15) or 30)"
    body = AS_TYPER_HAS_IT.replace("time.sleep(30)", held)
    done = call(body, cwd=workspace)
    assert (done.returncode, done.stderr.split("\n")[-2]) == (
        4,
        "a fault may still be in force: gameday revert --all",
    )


@pytest.mark.parametrize("number", ["SIGHUP", "SIGTERM"])
def test_a_signal_before_the_loop_takes_care_of_them_is_not_lost(number, workspace):
    """A closed terminal while a drill is prepared: its drill does not begin."""
    before = "guard.conducts()\n" if number == "SIGHUP" else ""
    body = f"""{before}import asyncio
try:
    os.kill(os.getpid(), signal.{number})
    time.sleep(0.1)
except KeyboardInterrupt:
    pass
async def play():
    guard.on_signals(asyncio.get_running_loop(), [signal.SIGHUP, signal.SIGTERM], lambda n: print(n.name))
asyncio.run(play())"""
    assert call(body, cwd=workspace).stdout == f"{number}\n"
