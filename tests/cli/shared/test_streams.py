"""Output whose reader is gone, stopped or out of room is lost; the process goes on and ends as it would have."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import subprocess
import sys
import time

import pytest

WRITER = """
import sys
from gameday.cli.shared import streams
streams.protect()
{body}
lost = streams.close()
import os
os.write({report}, f"{{lost or 'kept'}}".encode())
"""


def start(body: str, **options) -> tuple[subprocess.Popen, int]:
    """Start a process that writes; give it and the end of a pipe on which it reports why output was lost."""
    reading, writing = os.pipe()
    code = WRITER.format(body=body, report=writing)
    child = subprocess.Popen([sys.executable, "-c", code], pass_fds=(writing,), **options)
    os.close(writing)
    return child, reading


def ended(child: subprocess.Popen, report: int, within: float = 20.0) -> str:
    assert child.wait(within) == 0
    return os.read(report, 1000).decode()


def full_pipe() -> tuple[int, int]:
    """Make a pipe in which no byte has room, and whose reader reads nothing."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETFL, os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    fcntl.fcntl(writing, fcntl.F_SETFL, 0)
    return reading, writing


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_went_away_is_no_error(stream):
    reading, writing = os.pipe()
    os.close(reading)
    child, report = start(f"for _ in range(9): print('line', file=sys.{stream})", **{stream: writing})
    assert ended(child, report) == "kept"


def test_a_full_disk_is_reported_for_data_and_not_for_talk():
    with open("/dev/full", "w") as full:  # noqa: PTH123
        assert ended(*start("print('data')", stdout=full)) == "No space left on device"
        assert ended(*start("print('talk', file=sys.stderr)", stderr=full)) == "kept"


def test_a_closed_terminal_is_no_error():
    master, slave = pty.openpty()
    child, report = start(
        "import time; time.sleep(0.5); print('a'); print('b', file=sys.stderr)", stdout=slave, stderr=slave
    )
    os.close(slave)
    os.close(master)
    assert ended(child, report) == "kept"


def test_a_reader_that_does_not_read_makes_nothing_wait_for_long():
    _reading, writing = full_pipe()
    body = "streams.never_wait()\nimport time; began = time.monotonic()\nfor _ in range(1000): print('line', file=sys.stderr); print('data')\nassert time.monotonic() - began < 1.0"
    streams = "streams.END_PATIENCE = 0.5\n"
    child, report = start(streams + body, stdout=writing, stderr=writing)
    assert ended(child, report, within=10.0) == "kept"


def test_a_plain_command_waits_for_its_reader_as_all_others_do():
    reading, writing = full_pipe()
    child, report = start("print('data' * 50_000)", stdout=writing)
    os.close(writing)
    time.sleep(1.0)
    assert child.poll() is None
    read = b"".join(iter(lambda: os.read(reading, 65536), b""))
    assert read.endswith(b"data" * 50_000 + b"\n")
    assert ended(child, report) == "kept"


def test_a_reader_who_pauses_gets_everything_in_order():
    reading, writing = full_pipe()
    child, report = start("for i in range(100): print(i, file=sys.stderr)", stderr=writing)
    os.close(writing)
    time.sleep(0.7)
    read = b"".join(iter(lambda: os.read(reading, 65536), b""))
    assert read.lstrip(b"x") == b"".join(b"%d\n" % i for i in range(100))
    assert ended(child, report) == "kept"


def test_a_pipe_that_somebody_set_to_not_blocking_loses_nothing():
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETFL, os.O_NONBLOCK)
    child, report = start("print('data' * 100_000)", stdout=writing)
    os.close(writing)
    time.sleep(0.5)
    assert len(b"".join(iter(lambda: os.read(reading, 65536), b""))) == 400_001
    assert ended(child, report) == "kept"


def test_both_streams_keep_their_order_on_one_terminal():
    reading, writing = os.pipe()
    body = "for i in range(200): print(i); print(-i, file=sys.stderr)"
    child, report = start(body, stdout=writing, stderr=writing)
    os.close(writing)
    read = b"".join(iter(lambda: os.read(reading, 65536), b""))
    assert read.split() == [word for i in range(200) for word in (b"%d" % i, b"%d" % -i)]
    assert ended(child, report) == "kept"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_from_the_start_is_no_file_of_ours(closed, tmp_path):
    code = (
        "import sys\nfrom gameday.cli.shared import streams\nstreams.protect()\n"
        f"file = open({str(tmp_path / 'store')!r}, 'w')\nassert file.fileno() > 2\n"
        "print('x'); print('y', file=sys.stderr); assert sys.stdin is not None; sys.stdin.readline()\n"
        "assert streams.close() == ''"
    )
    (tmp_path / "code.py").write_text(code)
    shell = f"{sys.executable} {tmp_path / 'code.py'} {closed}"
    done = subprocess.run(
        ["sh", "-c", shell], check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=20
    )
    assert (done.returncode, (tmp_path / "store").read_text()) == (0, "")


@pytest.mark.parametrize(
    "settings",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1:strict"},
        {"PYTHONUTF8": "0", "LC_ALL": "C"},
    ],
)
def test_what_an_encoding_cannot_hold_is_an_escape(settings):
    child, report = start(
        r"print('\u2713 \xfc \ud83d'); print('\u2192', file=sys.stderr)",
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = child.communicate(timeout=20)
    assert ended(child, report) == "kept"
    assert rb"\ud83d" in out
    assert b"Traceback" not in err
