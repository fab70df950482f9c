"""A lost drill runs its own workspace's code or nothing, whoever finds it, and is closed once."""

import json
import subprocess
import sys
from contextlib import closing

import pytest

from gameday import wiring
from gameday.cli import revert
from gameday.cli.drill import live_status
from gameday.cli.shared import lost_drills
from gameday.core.facts import drill as ev
from gameday.storage.spill import own_copies
from gameday.system import clock
from gameday.system.ids import new_event_id
from gameday.system.machine import ThisMachine
from gameday.testing.truth import TruthServer
from tests.render import a_drill

FIX = """
from pathlib import Path

HERE = Path(__file__).parent.parent


def fix():
    (HERE / "broken").unlink(missing_ok=True)
    (HERE / "ran").touch()
    return True
"""
ROLLBACK = {"type": "python", "module": "mine.faults", "func": "fix"}
COMMAND = {"type": "process", "path": "sh", "arguments": ["-c", "touch ran"]}


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(lost_drills, "ARRIVAL", 0.0)


@pytest.fixture(name="target")
def _target():
    """The URL of a server that answers."""
    with TruthServer() as server:
        yield server.url


def space_at(root, store=""):
    (root / "mine").mkdir(parents=True, exist_ok=True)
    (root / "mine" / "faults.py").write_text(FIX)
    (root / "gameday.toml").write_text(f'[store]\nurl = "{store}"\n' if store else "")
    return wiring.workspace(root)


def left_open(space, provider, *, up=True):
    """Store what a drill has that died with its fault in force."""
    method = [{"type": "action", "name": "break", "provider": provider}]
    rollbacks = [{"type": "action", "name": "fix", "provider": provider}]
    made = {"title": "t", "description": "d", "method": method, "rollbacks": rollbacks}
    facts = [a_drill.planned()]
    if up:
        facts.append(ev.EnvironmentBroughtUp(command=("true",), down=("touch", "down")))
    facts.append(
        ev.FaultRequested(fault="main", experiment=json.dumps(made), path="e.json", cwd=str(space.root))
    )
    host = ThisMachine().host
    facts.append(ev.ProcessStarted(role="conductor", pid=2**22 - 1, started_ticks=1, boot="b", host=host))
    store = wiring.workspace_store(space)
    for fact in facts:
        store.append(
            ev.Event(id=new_event_id(), drill="d", recorded_at=clock.now(), source="test", fact=fact)
        )
    store.close()
    (space.root / "broken").touch()


def recover(space):
    with closing(wiring.workspace_store(space)) as store:
        return revert.recover(space, store)


def closings(store):
    return [row.event.fact for row in store.read("d") if isinstance(row.event.fact, ev.DrillClosed)]


@pytest.mark.parametrize("provider", [ROLLBACK, COMMAND])
def test_a_moved_workspaces_rollback_never_runs_with_anothers_code(tmp_path, monkeypatch, capfd, provider):
    left_open(space_at(tmp_path / "a"), provider)
    (tmp_path / "a").rename(tmp_path / "moved")
    other = space_at(tmp_path / "b")
    monkeypatch.chdir(other.root)
    monkeypatch.setenv("PYTHONPATH", str(other.root))
    for look in (lambda: live_status.main(json=False), lambda: revert.main("", everything=True)):
        assert look() == 4
        assert "reverted and closed" not in (shown := capfd.readouterr().err)
        assert f"its workspace folder {tmp_path / 'a'} is gone, and with it" in shown
        assert "a fault may still be in force" in shown
    assert not {"ran", "down"} & {file.name for file in other.root.iterdir()}
    assert (tmp_path / "moved" / "broken").exists()
    assert own_copies.everything().copies

    moved = wiring.workspace(tmp_path / "moved")
    monkeypatch.chdir(moved.root)
    assert recover(moved) == 0
    assert {"ran", "down"} <= {file.name for file in moved.root.iterdir()}
    assert not list((tmp_path / "state" / "gameday" / "open-drills").glob("*.jsonl"))


def test_of_two_workspaces_with_one_store_neither_stands_for_the_other(tmp_path, capfd):
    url = f"sqlite:///{tmp_path / 's.db'}"
    left_open(space_at(tmp_path / "a", url), ROLLBACK)
    (tmp_path / "a").rename(tmp_path / "moved")
    other = space_at(tmp_path / "b", url)
    assert recover(other) == 4
    assert f"its workspace folder {tmp_path / 'a'} is gone" in capfd.readouterr().err
    assert not {"ran", "down"} & {file.name for file in other.root.iterdir()}
    (tmp_path / "moved").rename(tmp_path / "a")
    assert recover(other) == 0
    assert {"ran", "down"} <= {file.name for file in (tmp_path / "a").iterdir()}
    assert not {"ran", "down"} & {file.name for file in other.root.iterdir()}


def test_what_needs_no_folder_is_reverted_from_anywhere_and_its_down_is_named(tmp_path, capfd, target):
    left_open(space_at(tmp_path / "a"), {"type": "http", "url": target})
    (tmp_path / "a").rename(tmp_path / "moved")
    other = space_at(tmp_path / "b")
    assert recover(other) == 0
    shown = capfd.readouterr().err
    assert "d: reverted and closed" in shown
    assert "run `touch down` by hand" in shown
    assert not (other.root / "down").exists()


def test_of_two_that_find_it_at_once_one_closes_it(tmp_path, target):
    left_open(space_at(tmp_path / "a"), {"type": "http", "url": target})
    (tmp_path / "a").rename(tmp_path / "moved")
    other = space_at(tmp_path / "b")
    words = (sys.executable, "-m", "gameday", "revert", "--all")
    both = [subprocess.Popen(words, cwd=other.root, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    shown = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], shown
    folder = tmp_path / "state" / "gameday" / "open-drills"
    assert not list(folder.glob("*.jsonl"))
    (database,) = folder.glob("*/gameday.db")
    with closing(wiring.store(f"sqlite:///{database}")) as store:
        assert len(closings(store)) == 1
        assert isinstance(store.read("d")[-1].event.fact, ev.DrillClosed | ev.EnvironmentTakenDown)
