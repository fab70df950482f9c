"""The shop comes up, goes down, and leaves nothing behind, whatever it dies of."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gameday.core.errors import NotReady, UsageError
from gameday.shop import lifecycle, state_folder
from tests.shop.conftest import wait_for


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GAMEDAY_SHOP_HOME", str(tmp_path))
    yield tmp_path
    lifecycle.down()


def processes_of(folder: Path) -> set[int]:
    """Every process whose command line names the folder."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in line:
                found.add(int(entry.name))
    return found


def test_up_twice_is_one_shop_and_down_twice_is_none(folder: Path):
    first = lifecycle.up(port_base=0)
    assert lifecycle.up(port_base=0)["pid"] == first["pid"]
    assert len(processes_of(folder)) == 4
    assert lifecycle.down()
    assert not lifecycle.down()
    assert processes_of(folder) == set()


def test_all_processes_together_stay_under_400_mb(folder: Path):
    lifecycle.up(port_base=0)
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in processes_of(folder)]
    assert sum(pages) * os.sysconf("SC_PAGE_SIZE") < 400e6


@pytest.mark.kill
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_no_process_outlives_the_control_server(folder: Path, number: signal.Signals):
    pid = lifecycle.up(port_base=0)["pid"]
    assert len(processes_of(folder)) == 4
    os.kill(pid, number)
    wait_for(lambda: not processes_of(folder))
    assert state_folder.current().read_record() is None


@pytest.mark.kill
def test_it_comes_up_again_after_it_was_killed_and_its_trail_goes_on(folder: Path):
    pid = lifecycle.up(port_base=0)["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not processes_of(folder))
    assert lifecycle.up(port_base=0)["healthy"]


def children_of(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            pid, _, rest = stat.read_text().partition(" ")
            if int(rest.rpartition(")")[2].split()[1]) == parent:
                found.append(int(pid))
    return found


def stopped_half_way(up: int) -> int:
    """The control server that `up` starts, stopped at a moment when it has started others."""
    wait_for(lambda: children_of(up), within=60)
    (control,) = children_of(up)
    while True:
        os.kill(control, signal.SIGSTOP)  # what is found now stays so
        if children_of(control):
            return control
        os.kill(control, signal.SIGCONT)
        time.sleep(0.01)


@pytest.mark.kill
def test_killed_while_it_comes_up_it_leaves_nothing(folder: Path):
    up = subprocess.Popen(
        [sys.executable, "-m", "gameday", "shop", "up", "--port-base", "0"], stderr=subprocess.PIPE, text=True
    )
    control = stopped_half_way(up.pid)
    assert state_folder.current().read_record() is None
    os.kill(control, signal.SIGKILL)
    assert "the shop did not come up" in up.communicate(timeout=20)[1]
    assert up.returncode == 5
    wait_for(lambda: not processes_of(folder))


def test_a_shop_whose_folder_was_deleted_ends(folder: Path):
    lifecycle.up(port_base=0)
    shutil.rmtree(folder)
    wait_for(lambda: not processes_of(folder))


def test_a_port_that_is_taken_is_named(folder: Path, tmp_path_factory: pytest.TempPathFactory):
    taken = int(lifecycle.up(port_base=0)["control"].rpartition(":")[2])
    other = tmp_path_factory.mktemp("other")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAMEDAY_SHOP_HOME", str(other))
        with pytest.raises(NotReady, match=r"(?i)address already in use"):
            lifecycle.up(port_base=taken - 2)
    assert processes_of(other) == set()


@pytest.mark.parametrize("place", ["edge", "control"])
def test_free_ports_that_somebody_takes_first_are_left_to_them(folder: Path, monkeypatch, place: str):
    with socket.create_server(("127.0.0.1", 0)) as quicker:
        free = lifecycle._free_ports
        taken = dataclasses.replace(free(), **{place: quicker.getsockname()[1]})
        chosen = iter([taken])
        monkeypatch.setattr(lifecycle, "_free_ports", lambda: next(chosen, None) or free())
        assert lifecycle.up(port_base=0)["healthy"]


def test_a_wrong_number_of_replicas_starts_nothing(folder: Path):
    with pytest.raises(UsageError, match="1 to 6 replicas"):
        lifecycle.up(port_base=0, replicas=7)
    assert processes_of(folder) == set()


def test_the_command_line_tells_where_the_shop_answers(folder: Path):
    gameday = [sys.executable, "-m", "gameday", "shop"]
    up = subprocess.run(
        [*gameday, "up", "--port-base", "0", "--json"], capture_output=True, check=True, text=True
    )
    said = json.loads(up.stdout)
    assert said["base_url"].startswith("http://127.0.0.1:")
    assert said["trail"] == said["control"] + "/trail"
    flag = subprocess.run([*gameday, "flag", "new-ranking", "on"], capture_output=True, check=True, text=True)
    assert flag.stdout == "flag new-ranking on: done\n"
    subprocess.run([*gameday, "down"], check=True)
    status = subprocess.run([*gameday, "status"], capture_output=True, text=True, check=False)
    assert status.returncode == 5
    assert "hint: gameday shop up" in status.stderr
