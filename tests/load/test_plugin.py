"""The plug-in by itself: its parent is gone, or was never there."""

from __future__ import annotations

import json
import socket
import subprocess

import pytest

from gameday.core.plans.scenario import Load
from gameday.load import driver
from gameday.system import processes


@pytest.fixture
def parent(tmp_path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    listener.settimeout(60)
    yield listener
    listener.close()


def start(workspace, path, server, *, drill, **load):
    argv = driver.command(Load(locustfile="users.py", users=2, **load), server.url)
    return processes.start(argv, drill=drill, cwd=workspace, env={"GAMEDAY_LOAD_SOCKET": path})


@pytest.mark.parametrize("workers", [1, 2])
def test_locust_ends_at_end_of_file(workspace, server, parent, workers) -> None:
    drill = f"plugin-eof-{workers}"
    child = start(workspace, parent.getsockname(), server, drill=drill, workers=workers)
    connection, _ = parent.accept()
    with connection.makefile("rb") as lines:
        while not json.loads(lines.readline()).get("chunks"):
            pass
    connection.close()
    child.wait(6)
    assert processes.marked(drill) == []


def test_locust_does_not_start_without_its_parent(workspace, server) -> None:
    child = start(workspace, "/nowhere/s", server, drill="plugin-alone")
    assert child.wait(60) == 1
    assert sum(server.started.values()) == 0


def test_without_a_socket_the_plug_in_does_nothing(workspace, server) -> None:
    argv = [*driver.command(Load(locustfile="users.py", users=2), server.url), "-t", "5s"]
    done = subprocess.run(argv, cwd=workspace, capture_output=True, timeout=60, check=False)
    assert sum(server.answered.values()) > 10, done.stderr
