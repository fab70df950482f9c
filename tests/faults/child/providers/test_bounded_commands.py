"""A process activity ends at its timeout with all that it has started; what it leaves running when it ends goes on."""

import os
import signal
import subprocess
import time

import pytest
from chaoslib.exceptions import ActivityFailed
from chaoslib.provider.process import run_process_activity

from gameday.faults.child.providers import bounded_commands
from gameday.system import process_identity


def lives(pid):
    stat = process_identity.read_stat(pid)
    return stat is not None and stat[0] not in "ZX"


@pytest.fixture(autouse=True)
def _bound(monkeypatch):
    from chaoslib.provider import process  # noqa: PLC0415

    monkeypatch.setattr(process, "subprocess", process.subprocess)
    bounded_commands.bound()


def play(script, timeout=None):
    provider = {"type": "process", "path": "sh", "arguments": ["-c", script]}
    activity = {"type": "action", "name": "x", "provider": {**provider, "timeout": timeout}}
    return run_process_activity(activity, {}, {})


def test_output_and_exit_code_are_chaoslibs():
    assert play("echo out; echo err >&2; exit 3") == {"status": 3, "stdout": "out\n", "stderr": "err\n"}


def test_its_timeout_ends_what_it_has_started_and_waits_for_nothing_else(tmp_path):
    begun = time.monotonic()
    with pytest.raises(ActivityFailed, match="too long"):
        play(f"sleep 300 & echo $! > {tmp_path / 'pid'}; wait", timeout=1)
    assert time.monotonic() - begun < 20
    assert not lives(int((tmp_path / "pid").read_text()))


def test_a_service_that_it_leaves_running_goes_on_and_is_not_waited_for(tmp_path):
    begun = time.monotonic()
    assert play(f"sleep 300 & echo $! > {tmp_path / 'pid'}", timeout=60)["status"] == 0
    assert time.monotonic() - begun < 20
    pid = int((tmp_path / "pid").read_text())
    assert lives(pid)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "asked",
    [{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}, {"capture_output": True, "check": False}],
)
def test_each_way_in_which_chaoslib_asks_for_the_output_gives_it(asked):
    done = bounded_commands.run(["sh", "-c", "echo out; echo err >&2; exit 3"], shell=False, **asked)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", b"err\n")
