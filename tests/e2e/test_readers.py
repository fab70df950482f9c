"""Whoever reads a drill's output goes away, stops reading or has no room, with the fault in force: nothing else happens."""

import fcntl
import json
import os
import pty
import subprocess

import pytest

from tests.e2e.conftest import eventually

pytestmark = pytest.mark.e2e
RUN = (
    "run",
    "scenarios/login-outage.yaml",
    "--responder",
    "scenarios/responders/login-outage.yaml",
    "--json",
)


def a_pipe():
    """A log collector that dies, such as `| head`."""
    reading, writing = os.pipe()
    return writing, lambda: os.close(reading)


def a_terminal():
    """A terminal that is closed; the live screen is drawn on it until then."""
    master, slave = pty.openpty()
    return slave, lambda: os.close(master)


def a_full_disk():
    return os.open("/dev/full", os.O_WRONLY), lambda: None


def a_reader_that_stops():
    """A pipe without room, whose reader is there and reads nothing."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    other = os.open(f"/proc/self/fd/{writing}", os.O_WRONLY | os.O_NONBLOCK)

    def fill():
        try:
            while True:
                os.write(other, b"x")
        except BlockingIOError:
            return reading  # it stays open

    return writing, fill


@pytest.mark.parametrize("kind", [a_pipe, a_terminal, a_full_disk, a_reader_that_stops])
def test_the_drill_goes_on_to_its_verdict(space, kind):
    space.call("shop", "reset")
    stderr, go_away = kind()
    child = subprocess.Popen(
        ["gameday", *RUN],
        cwd=space.root,
        env={**space.environment, "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
        text=True,
    )
    os.close(stderr)
    eventually(lambda: '"in force"' in space.call("status", "--json").stdout)
    go_away()
    out, _ = child.communicate(timeout=120)
    result = json.loads(out)
    assert (child.returncode, result["outcome"], result["reverted"]) == (0, "recovered", True)
    assert (space.root / ".gameday/drills" / result["drill"] / "postmortem.html").is_file()


def test_a_command_on_a_drill_ends_quietly_where_nobody_reads(space, drills):
    assert drills("login-outage").code == 0, drills("login-outage").err
    for words in ("show", "score", "postmortem", "list"):
        shell = f"gameday {words} | head -n 1; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(
            ["bash", "-c", shell],
            cwd=space.root,
            env=space.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "changes",
    [
        {"PYTHONIOENCODING": "latin-1:strict"},
        {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "POSIX"},
        {"HOME": "", "USER": "", "LOGNAME": "", "TERM": ""},
        {"XDG_STATE_HOME": "/proc/none", "XDG_CONFIG_HOME": "/proc/none", "TERM": "dumb", "PYTHONTZPATH": ""},
    ],
)
def test_a_bare_environment_is_enough(space, drills, changes):
    assert drills("login-outage").code == 0, drills("login-outage").err
    for words in (("show",), ("list",), ("postmortem",), ("schedule", "list"), ("doctor",), ("calendar",)):
        done = subprocess.run(
            ["gameday", *words],
            cwd=space.root,
            env={name: value for name, value in (space.environment | changes).items() if value},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in {0, 5} if words == ("doctor",) else done.returncode == 0, done.stderr
