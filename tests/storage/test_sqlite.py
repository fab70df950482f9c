"""The SQLite store against what happens to files and processes: deaths, crowds, locks, tampering."""

from __future__ import annotations

import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.facts.load import Chunk
from gameday.core.values import DrillId, EventId, instant
from tests.storage.stores import sqlite_store

D = DrillId("d1")
WRITERS = Path(__file__).with_name("writers.py")


def note(name: str) -> ev.Event:
    return ev.Event(
        id=EventId(name), drill=D, recorded_at=instant(1_800_000_000.0), source="cli",
        fact=ev.NoteWritten(text=name),
    )  # fmt: skip


def writer(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WRITERS), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store" / "gameday.db"


@pytest.fixture
def store(path):
    opened = sqlite_store(path)
    yield opened
    opened.close()


def ids(store) -> list[str]:
    return [row.event.id for row in store.read(D)]


def test_the_store_is_for_its_owner_alone(store, path):
    store.append(note("a"))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"gameday.db": 0o600, "gameday.db-wal": 0o600, "gameday.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_was_appended_is_there_after_closing(store, path):
    store.append(note("a"))
    store.close()
    again = sqlite_store(path)
    assert ids(again) == ["a"]
    again.close()


def test_a_crowd_of_processes_loses_nothing(store, path):
    crowd = [writer("append", str(path), D, f"w{number}", "25") for number in range(6)]
    acknowledged = [process.communicate()[0].split() for process in crowd]
    assert [len(lines) for lines in acknowledged] == [25] * 6
    assert sorted(ids(store)) == sorted(name for lines in acknowledged for name in lines)
    assert [row.seq for row in store.read(D)] == list(range(1, 151))
    assert store.verify(D) == []
    for lines in acknowledged:
        assert [name for name in ids(store) if name in lines] == lines


def test_processes_that_open_a_new_store_at_once_all_find_it_well(path):
    crowd = [writer("append", str(path), D, f"w{number}", "1") for number in range(6)]
    assert [process.communicate()[0].split() for process in crowd] == [[f"w{n}-0"] for n in range(6)]


def test_one_process_wins_a_right(store, path):
    crowd = [writer("claim", str(path), D, f"w{number}") for number in range(6)]
    assert len([name for process in crowd for name in process.communicate()[0].split()]) == 1


@pytest.mark.kill
def test_kill_9_at_any_moment_loses_nothing_that_was_acknowledged(store, path):
    acknowledged: list[str] = []
    chance = random.Random(7)
    for number in range(12):
        process = writer("append", str(path), D, f"w{number}", "100000")
        first = process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()  # not communicate(), which leaves out what came with the first line
        process.communicate()
        lines = (first + rest).split("\n")
        acknowledged += [line for line in lines[:-1] if line]
        store.append(note(f"between-{number}"))
    stored = ids(store)
    assert set(acknowledged) <= set(stored)
    assert len(stored) <= len(acknowledged) + 12 + 12
    assert [row.seq for row in store.read(D)] == list(range(1, len(stored) + 1))
    assert store.verify(D) == []


def test_a_lock_is_waited_for(path):
    store = sqlite_store(path)
    other = writer("hold", str(path), D)
    assert other.stdout.readline() == "held\n"
    other.stdin.close()
    store.append(note("a"))
    assert ids(store) == ["a"]
    assert other.wait() == 0
    store.close()


def test_a_lock_that_stays_is_named_and_reading_goes_on(path):
    store = sqlite_store(path, patience=0.1)
    store.append(note("a"))
    other = writer("hold", str(path), D)
    assert other.stdout.readline() == "held\n"
    with pytest.raises(StoreUnavailable, match=r"locked by another process for 0\.1 s"):
        store.append(note("b"))
    assert ids(store) == ["a"]
    other.communicate()
    store.append(note("b"))
    assert ids(store) == ["a", "b"]
    store.close()


def test_a_file_that_was_taken_away_is_named_instead_of_written_into(store, path):
    store.append(note("a"))
    away = path.with_name("away")
    path.rename(away)
    with pytest.raises(StoreUnavailable, match="is gone"):
        store.append(note("b"))
    away.rename(path)
    store.append(note("c"))
    assert ids(store) == ["a", "c"]


def test_a_folder_that_was_removed_is_named(store, path):
    store.append(note("a"))
    path.parent.rename(path.parent.with_name("elsewhere"))
    with pytest.raises(StoreUnavailable, match="is gone"):
        store.read(D)


def test_a_file_that_is_no_store_is_named(path):
    path.parent.mkdir()
    path.write_text("Dear diary, " * 100)
    with pytest.raises(StoreUnavailable, match="not a SQLite file"):
        sqlite_store(path)
    assert path.read_text().startswith("Dear diary")


def test_a_store_in_a_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        sqlite_store(tmp_path / "file" / "gameday.db")


def test_a_store_of_a_newer_gameday_is_left_alone(store, path):
    with store._database.write() as tx:
        tx.execute("UPDATE schema_version SET version = 99", {})
    with pytest.raises(StoreUnavailable, match="has schema 99") as found:
        sqlite_store(path)
    assert "upgrade" in found.value.hint


TAMPERED = {
    "cut at the end": "DELETE FROM events WHERE seq = 4",
    "cut in the middle": "DELETE FROM events WHERE seq = 2",
    "cut at the start": "DELETE FROM events WHERE seq = 1",
    "emptied": "DELETE FROM events",
    "changed": "UPDATE events SET line = replace(line, 'n2', 'n9') WHERE seq = 2",
    "changed with its hash": "UPDATE events SET line = replace(line, 'n4', 'n9'), hash = 'f' WHERE seq = 4",
    "moved": "UPDATE events SET seq = CASE seq WHEN 2 THEN -3 WHEN 3 THEN -2 ELSE seq END",
    "put in": "INSERT INTO events SELECT drill, 5, 'x', kind, line, hash, '' FROM events WHERE seq = 4",
    "load changed": "UPDATE load SET lines = replace(lines, '[7]', '[8]')",
    "load cut": "DELETE FROM load",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
def test_a_history_that_was_tampered_with_does_not_verify(store, path, statement):
    store.append(*(note(f"n{number}") for number in range(1, 5)))
    store.append_load(D, [Chunk(type="GET", name="/", start=0, at=(1,), bin=(2,), count=(7,))], instant(10))
    assert store.verify(D) == []
    with sqlite3.connect(path, isolation_level=None) as other:
        assert other.execute(statement).rowcount > 0
        other.execute("UPDATE events SET seq = -seq WHERE seq < 0")
    other.close()
    assert store.verify(D) != []


def test_what_is_wrong_is_told_with_its_place(store, path):
    store.append(*(note(f"n{number}") for number in range(1, 5)))
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("DELETE FROM events WHERE seq = 3")
    other.close()
    assert "event 3 is missing" in store.verify(D)
