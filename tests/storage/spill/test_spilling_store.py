"""A store that goes away: nothing is lost, processes still receive each other's events, and it is reported."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.facts.load import Chunk
from gameday.core.facts.merging import merge
from gameday.core.plans.scenario import Scenario, ScorecardRules
from gameday.core.values import DrillId, EventId, Mode, instant
from gameday.formats.stored import events as stored_events
from gameday.storage import open_store
from gameday.storage.journal import Batch
from gameday.storage.spill import spill_file
from gameday.storage.spill.spilling_store import SpillingStore
from tests.paths import ROOT
from tests.small_disk import SmallDisk
from tests.storage.stores import sqlite_store

D = DrillId("d1")
PLANNED = ev.DrillPlanned(
    scenario=Scenario(scenario="slow", title="Slow", environment="shop"),
    scorecard=ScorecardRules(scorecard="team", version=1, criteria=()),
    mode=Mode.EVALUATE,
    environment="shop",
    comparable="c",
)
CHUNK = Chunk(type="GET", name="/", start=1_800_000_000, at=(3,), bin=(40,), count=(7,))


def note(name: str, drill: DrillId = D) -> ev.Event:
    return ev.Event(
        id=EventId(name), drill=drill, recorded_at=instant(1_800_000_000.0), source="cli",
        fact=ev.NoteWritten(text=name),
    )  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store" / "gameday.db"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "drills"


def opened(path, folder) -> SpillingStore:
    return SpillingStore(sqlite_store(path, patience=0.05), folder, patience=0.05, again=0.0)


@pytest.fixture
def store(path, folder):
    made = opened(path, folder)
    yield made
    made.close()


@contextmanager
def locked(path):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


def ids(store, after: int = 0) -> list[str]:
    return [row.event.id for row in store.read(D, after=after)]


def test_while_the_store_is_locked_events_are_kept_beside_it_and_read_from_there(store, path, folder):
    store.append(note("a"))
    with locked(path):
        store.append(note("b"), note("c"))
        assert "locked" in store.degraded()
        assert ids(store) == ["a", "b", "c"]
        assert ids(store, after=1) == ["b", "c"]
        assert [kept["id"] for kept in spill_file.read(spill_file.path(folder, D)).documents] == ["b", "c"]
        assert len(sqlite_store(path).read(D)) == 1


def test_the_next_append_stores_what_was_kept(store, path, folder):
    store.append(note("a"))
    with locked(path):
        store.append(note("b"))
        store.append_load(D, [CHUNK], instant(1_800_000_010))
    store.append(note("c"))
    assert store.degraded() == ""
    assert spill_file.files(folder) == []
    plain = sqlite_store(path)
    assert ids(plain) == ["a", "b", "c"]
    assert plain.read_load(D).chunks == (CHUNK,)
    assert plain.verify(D) == []
    plain.close()


def test_a_reader_that_follows_sees_each_event_once_and_in_its_place(store, path):
    other = sqlite_store(path)
    events_read: list[str] = []

    def follow():
        events_read.extend(ids(store, after=len(events_read)))

    store.append(note("a"))
    follow()
    with locked(path):
        store.append(note("b"))
        follow()
    other.append(note("x"))
    follow()
    store.append(note("c"))
    follow()
    assert events_read == ["a", "b", "x", "c"]
    assert ids(other) == ["a", "x", "b", "c"]
    other.close()


def test_processes_hear_of_each_other_while_the_store_is_away(path, folder):
    keeper, conductor = opened(path, folder), opened(path, folder)
    conductor.append(note("requested"))
    with locked(path):
        keeper.append(note("reverted"))
        assert ids(conductor) == ["requested", "reverted"]
    conductor.append(note("closed"))
    assert ids(sqlite_store(path)) == ["requested", "reverted", "closed"]
    keeper.append(note("gone"))
    assert ids(keeper) == ["requested", "reverted", "closed", "gone"]
    keeper.close()
    conductor.close()


def test_load_that_was_kept_adds_up_with_what_was_stored(store, path):
    store.append_load(D, [CHUNK], instant(1_800_000_010))
    with locked(path):
        store.append_load(D, [CHUNK], instant(1_800_000_020))
        assert merge(store.read_load(D).chunks) == merge([CHUNK, CHUNK])
        assert store.read_load(D).until == 1_800_000_020
    store.append(note("a"))
    assert merge(store.read_load(D).chunks) == merge([CHUNK, CHUNK])


def test_a_store_that_is_gone_leaves_the_drill_as_it_was_known(store, path):
    store.append(note("a"))
    assert ids(store) == ["a"]
    path.rename(path.with_name("away"))
    store.append(note("b"))
    assert "is gone" in store.degraded()
    assert ids(store) == ["a", "b"]
    path.with_name("away").rename(path)
    store.append(note("c"))
    assert ids(sqlite_store(path)) == ["a", "b", "c"]


def test_whoever_opens_the_store_next_stores_what_was_kept(store, path, folder):
    store.append(note("a"))
    with locked(path):
        store.append(note("b"), note("z", drill=DrillId("d2")))
    again = open_store(f"sqlite:///{path}", folder)
    assert ids(again) == ["a", "b"]
    assert spill_file.files(folder) == []
    assert {row.drill for row in again.drills()} == {"d1", "d2"}
    again.close()


@pytest.mark.parametrize("reverted", [True, False])
def test_a_drill_that_was_closed_beside_the_store_is_live_only_while_something_is_in_force(
    store, path, reverted
):
    store.append(replace(note("planned"), fact=PLANNED))
    with locked(path):
        store.append(replace(note("closed"), fact=ev.DrillClosed(how="aborted", reverted=reverted)))
        assert [row.drill for row in store.live()] == ([] if reverted else [D])
    store.append(note("z"))
    assert [row.drill for row in store.live()] == ([] if reverted else [D])


def test_closing_stores_what_was_kept(path, folder):
    store = opened(path, folder)
    store.append(note("a"))
    with locked(path):
        store.append(note("b"))
    store.close()
    assert ids(sqlite_store(path)) == ["a", "b"]


def test_a_death_between_storing_and_forgetting_doubles_nothing(store, path, folder):
    store.append(note("a"))
    with locked(path):
        store.append(note("b"))
        store.append_load(D, [CHUNK], instant(1_800_000_010))
    kept = spill_file.path(folder, D).read_bytes()
    store.append(note("c"))
    spill_file.path(folder, D).write_bytes(kept)
    again = opened(path, folder)
    assert ids(again) == ["a", "b", "c"]
    assert again.read_load(D).chunks == (CHUNK,)
    assert again.verify(D) == []
    again.close()


def test_only_when_nothing_can_be_written_appending_fails(path, tmp_path):
    store = SpillingStore(sqlite_store(path, patience=0.05), tmp_path / "drills", patience=0.05)
    (tmp_path / "drills").write_text("a file where the folder should be")
    store.append(note("a"))
    with locked(path), pytest.raises(StoreUnavailable, match=r"can't be kept in .* either"):
        store.append(note("b"))
    store.close()


def test_a_failure_is_not_asked_again_at_once(path, folder):
    store = SpillingStore(sqlite_store(path), folder, patience=0.05, again=3600)
    store.append(note("a"))
    with locked(path):
        store.append(note("b"))
    store.append(note("c"))
    assert ids(sqlite_store(path)) == ["a"]
    store.close()
    assert ids(sqlite_store(path)) == ["a", "b", "c"]


def test_rights_are_never_kept_beside_the_store(store, path):
    with locked(path), pytest.raises(StoreUnavailable):
        store.claim(D, "revert", "me", until=instant(2e9))


@pytest.fixture
def mortal():
    """A folder in which even root's tests are subject to its modes: the test goes on as nobody."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    was_root = os.geteuid() == 0
    if was_root:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    yield folder
    if was_root:
        os.seteuid(0)
    folder.chmod(0o700)
    shutil.rmtree(folder)


def test_a_store_that_may_only_be_read_is_read_and_kept_beside(mortal):
    path, folder = mortal / "gameday.db", mortal / "drills"
    first = sqlite_store(path)
    first.append(note("a"))
    first.close()
    path.chmod(0o400)
    store = opened(path, folder)
    store.append(note("b"))
    assert "may only be read" in store.degraded()
    assert ids(store) == ["a", "b"]
    for file in mortal.glob("gameday.db*"):
        file.chmod(0o600)
    store.append(note("c"))  # finds that its connection may only read, and lets go of it
    store.append(note("d"))
    assert store.degraded() == ""
    assert ids(sqlite_store(path)) == ["a", "b", "c", "d"]
    store.close()


FULL = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.storage.spill.test_spilling_store import *
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path, folder = Path(sys.argv[2]), Path(sys.argv[3])
store = opened(path, folder)
store.append(note("a"))
resource.setrlimit(resource.RLIMIT_FSIZE, (40960, resource.RLIM_INFINITY))
for number in range(60):
    store.append(note(f"n{number}"))
print(store.degraded())
assert len(ids(store)) == 61, ids(store)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.append(note("z"))
assert store.degraded() == ""
"""


def test_a_store_that_is_full_takes_everything_once_there_is_room(path, folder):
    """The process may not let a file grow beyond 40 KB: a full disk, as far as SQLite can tell."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(ROOT), str(path), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.returncode != -signal.SIGXFSZ
    assert "the store" in ended.stdout
    plain = sqlite_store(path)
    assert sorted(ids(plain)) == sorted(["a", "z", *(f"n{number}" for number in range(60))])
    assert plain.verify(D) == []
    plain.close()


def test_a_drill_sets_room_aside_until_it_is_closed(store, folder):
    reserve = spill_file.path(folder, D).with_name(spill_file.RESERVE)
    store.append(replace(note("planned"), fact=PLANNED))
    assert reserve.read_bytes() == bytes(spill_file.RESERVED_BYTES)
    store.append(replace(note("closed"), fact=ev.DrillClosed(how="completed", reverted=True)))
    assert not reserve.exists()


def test_a_command_on_a_disk_that_is_still_read_only_reads_what_was_kept(tmp_path):
    """It can't merge yet: it says so, and shows the whole drill."""
    disk = SmallDisk.mounted(tmp_path / "image", tmp_path / "disk")
    path, folder = tmp_path / "s.db", disk.place / "drills"
    try:
        sqlite_store(path).append(note("a"))
        spill_file.write(folder, [stored_events.encode(note("b"))])
        disk.fail()
        store = opened(path, folder)
        assert ids(store) == ["a", "b"]
        assert "Read-only file system" in store.degraded()
        store.close()
    finally:
        disk.unmount()


def test_a_spill_that_cannot_be_read_hides_nothing_of_what_is_stored(store, folder):
    store.append(note("a"))
    spill_file.path(folder, D).mkdir(parents=True)
    assert ids(store) == ["a"]
    assert "not an ordinary file" in store.degraded()
    assert [row.drill for row in store.live()] == [D]


HALF_PLANNED = {"scenario": {"scenario": "a\0", "environment": "q\0"}}


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        ("DrillPlanned", {}), ("DrillPlanned", HALF_PLANNED), ("DrillPlanned", {"scenario": [1, 2]}),
        ("GameDayPlanned", {}), ("GameDayPlanned", {"plan": {"gameday": "x", "environment": "q"}}),
        ("DrillClosed", {"how": {"a": 1}, "reverted": "maybe"}), ("HistoryImported", {"file": 5}),
        ("ProcessStarted", {"role": "conductor", "pid": "1", "host": 5}), ("Nothing", {}),
    ],
)  # fmt: skip
def test_a_fact_that_nobody_could_read_again_keeps_nothing_else_from_being_stored(path, folder, kind, fact):
    document = stored_events.encode(note("b")) | {"kind": kind, "fact": fact}
    other = stored_events.encode(replace(note("c"), drill=DrillId("d2")))
    spill_file.write(folder, [stored_events.encode(note("a")), document, other])
    store = opened(path, folder)
    assert (ids(store), store.degraded()) == (["a"], "")
    assert [row.drill for row in store.live()] == ["d2", D]
    assert spill_file.files(folder) == []
    assert spill_file.path(folder, D).with_name("spill.set-aside-1.jsonl").exists()
    store.close()


@pytest.mark.parametrize("lines", [["junk"], ["{}"], ["[]"], ['{"type":"GET","name":"/","start":1e308}']])
def test_load_that_nobody_could_read_again_is_not_stored(store, path, folder, lines):
    store.append(note("a"))
    batch = Batch(id="b", drill=D, lines=tuple(lines), ends=1.0, until=2.0)
    spill_file.write(folder, [], [batch])
    assert store.read_load(D).chunks == ()
    again = opened(path, folder)
    assert (again.read_load(D).chunks, again.degraded()) == ((), "")
    assert spill_file.files(folder) == []
    again.close()


def test_a_spill_that_the_store_refuses_is_set_aside(path, folder, monkeypatch):
    """Whatever no check foresaw: the store still opens, and reverting goes on."""
    spill_file.write(folder, [stored_events.encode(note("a"))])

    def refuse(*_arguments, **_options):
        raise OverflowError("timestamp out of range")

    inner = sqlite_store(path)
    monkeypatch.setattr(inner, "write", refuse)
    store = SpillingStore(inner, folder)
    assert (store.degraded(), spill_file.files(folder)) == ("", [])
    store.close()
