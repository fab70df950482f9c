"""A process that stands ready ends with its daemon, even where its input does not end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DAEMON = """
import os, subprocess, sys, time
from pathlib import Path
from gameday.cli.daemon.launcher import LAUNCHER
from gameday.system.scheduled.drill_processes import ChildStarter

starter = ChildStarter(LAUNCHER, store_url=f"sqlite:///{os.getcwd()}/s.db", root=Path(), folder=Path("s"))
starter.make_ready()
pipe = starter._ready.stdin.fileno()
# Whoever inherits the other end of its input keeps that open after the daemon's death.
holder = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=(pipe,))
print(starter._ready.pid, holder.pid, flush=True)
time.sleep(60)
"""


def gone(pid: int, within: float) -> bool:
    end = time.monotonic() + within
    while Path(f"/proc/{pid}").exists():
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z":
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("after", [0.0, 4.0], ids=["at once", "when it stands ready"])
def test_a_ready_process_ends_when_its_daemon_is_killed(tmp_path, after):
    daemon = subprocess.Popen([sys.executable, "-c", DAEMON], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    ready, holder = map(int, daemon.stdout.readline().split())
    try:
        time.sleep(after)
        daemon.kill()
        daemon.wait()
        daemon.stdout.close()
        assert gone(ready, 10.0)
    finally:
        os.kill(holder, signal.SIGKILL)
