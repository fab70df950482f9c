"""Commands that we wait for: what they leave running goes on, what is cut off ends with all it has started."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from gameday.system import commands, process_identity


def lives(pid):
    stat = process_identity.read_stat(pid)
    return stat is not None and stat[0] not in "ZX"


def test_call_gives_output_and_exit_code():
    done = commands.call([sys.executable, "-c", "print('hi'); raise SystemExit(3)"], timeout=20)
    assert (done.exit_code, done.output.strip()) == (3, "hi")


def test_call_gives_the_end_of_a_long_output():
    done = commands.call(["sh", "-c", "seq 1 100000"], timeout=20, limit=13)
    assert done.output == "99999\n100000\n"


def test_call_ends_what_takes_too_long():
    done = commands.call(["sleep", "60"], timeout=0.3)
    assert done.exit_code is None
    assert "no end within 0.3 s" in done.output


def test_call_names_a_command_that_does_not_exist():
    done = commands.call(["no-such-command-here"], timeout=5)
    assert done.exit_code == 127
    assert "no-such-command-here" in done.output


FORMS = (
    "sleep 300 & echo $! > {0}; wait",
    "(sleep 300 & echo $! > {0}); sleep 60",
    "setsid sh -c 'echo $$ > {0}; exec sleep 300' & sleep 60",
    "sh -c 'sh -c \"echo \\$\\$ > {0}; exec sleep 300\"'",
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("by", ["limit", "nobody waits"])
def test_what_is_cut_off_is_ended_with_all_that_it_has_started(tmp_path, form, by):
    file = tmp_path / "pid"
    unwanted = threading.Event()
    if by == "nobody waits":
        threading.Timer(1.0, unwanted.set).start()
    done = commands.call(
        ["sh", "-c", form.format(file)], timeout=1.0 if by == "limit" else 50.0, unwanted=unwanted
    )
    assert done.exit_code is None
    assert not lives(int(file.read_text()))


@pytest.mark.parametrize("form", ["sleep 300 & echo $! > {0}", "nohup sleep 300 & echo $! > {0}"])
def test_what_is_left_running_goes_on_though_it_holds_the_output_open(tmp_path, form):
    file = tmp_path / "pid"
    begun = time.monotonic()
    done = commands.call(["sh", "-c", f"echo started; {form.format(file)}"], timeout=30)
    pid = int(file.read_text())
    try:
        assert (done.exit_code, done.output) == (0, "started\n")
        assert time.monotonic() - begun < 20
        assert lives(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_service_that_is_left_running_can_go_on_writing_to_its_output(tmp_path):
    file = tmp_path / "wrote"
    commands.call(["sh", "-c", f"(sleep 0.5; echo late && echo written > {file}) &"], timeout=30)
    end = time.monotonic() + 20
    while not file.exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert Path(file).read_text() == "written\n"
