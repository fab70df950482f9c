"""A drill moves as one file, whole or not at all."""

from __future__ import annotations

import json
import zipfile

import pytest

from gameday.core.errors import HistoryCorrupt, StoreUnavailable, UsageError
from gameday.core.facts import drill as ev
from gameday.core.facts.load import Chunk
from gameday.core.values import DrillId, EventId, instant
from gameday.storage import transfer
from gameday.testing.store import MemoryStore
from tests.storage.stores import sqlite_store

D = DrillId("20261201-100000-slow-3f9a")
CHUNK = Chunk(type="GET", name="/", start=1_800_000_000, at=(3,), bin=(40,), count=(7,))


def note(text: str, drill: DrillId = D) -> ev.Event:
    return ev.Event(
        id=EventId(text), drill=drill, recorded_at=instant(1_800_000_000.25), source="cli",
        fact=ev.NoteWritten(text=text),
    )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    opened = sqlite_store(tmp_path / "here" / "gameday.db")
    opened.append(note("one"), note("zwei ü"), note("three"))
    opened.append_load(D, [CHUNK], instant(1_800_000_010))
    yield opened
    opened.close()


@pytest.fixture
def other(tmp_path):
    opened = sqlite_store(tmp_path / "there" / "gameday.db")
    yield opened
    opened.close()


@pytest.fixture
def file(store, tmp_path):
    transfer.export_drill(store, D, tmp_path / "drill.zip")
    return tmp_path / "drill.zip"


def rewrite(file, part, change):
    with zipfile.ZipFile(file) as zipped:
        parts = {name: zipped.read(name).decode() for name in zipped.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(file, "w") as zipped:
        for name, text in parts.items():
            zipped.writestr(name, text)


def test_a_drill_arrives_as_it_left(store, other, file):
    manifest = transfer.import_drill(other, file)
    assert manifest.drill == D
    *arrived, marker = other.read(D)
    assert arrived == store.read(D)
    assert marker.event.fact == ev.HistoryImported(file="drill.zip")
    assert other.read_load(D) == store.read_load(D)
    assert other.verify(D) == []


def test_importing_again_changes_nothing_here_or_there(store, other, file):
    for into, events in ((store, 3), (other, 4), (other, 4)):
        transfer.import_drill(into, file)
        assert len(into.read(D)) == events
        assert into.read_load(D).chunks == (CHUNK,)


def test_what_happened_since_the_export_stays(store, file):
    store.append(note("later"))
    transfer.import_drill(store, file)
    assert [row.event.id for row in store.read(D)] == ["one", "zwei ü", "three", "later"]


def test_an_import_that_died_halfway_is_completed(store, other, file):
    other.append(*(row.event for row in store.read(D)), transfer._marker(D, file))
    transfer.import_drill(other, file)
    assert len(other.read(D)) == 4
    assert other.read_load(D).chunks == (CHUNK,)


def test_an_import_that_left_only_load_is_completed(other, file):
    other.append_load(D, [CHUNK], instant(1_800_000_010))
    transfer.import_drill(other, file)
    assert len(other.read(D)) == 4
    assert other.read_load(D).chunks == (CHUNK,)


def test_nothing_is_added_to_a_drill_of_the_stores_own(other, file):
    other.append(note("one"))
    with pytest.raises(HistoryCorrupt, match="this store's own"):
        transfer.import_drill(other, file)
    assert len(other.read(D)) == 1


def test_what_was_imported_leaves_again_as_imported(other, file, tmp_path):
    transfer.import_drill(other, file)
    transfer.export_drill(other, D, tmp_path / "again.zip")
    third = sqlite_store(tmp_path / "third" / "gameday.db")
    transfer.import_drill(third, tmp_path / "again.zip")
    assert third.read(D) == other.read(D)
    assert [row.imported for row in third.drills()] == [True]
    third.close()


def test_another_history_of_the_same_drill_is_refused(file):
    other = MemoryStore()
    other.append(note("something else"))
    with pytest.raises(HistoryCorrupt, match="another history"):
        transfer.import_drill(other, file)
    assert len(other.read(D)) == 1


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("history.jsonl", lambda text: text.replace("three", "tree")),
        ("history.jsonl", lambda text: "".join(text.splitlines(keepends=True)[:-1])),
        ("history.jsonl", lambda text: "".join(reversed(text.splitlines(keepends=True)))),
        ("load.jsonl", lambda text: text.replace("[7]", "[8]")),
        ("load.jsonl", lambda text: ""),
    ],
)
def test_a_file_that_was_changed_is_refused_and_leaves_nothing(other, file, part, change):
    rewrite(file, part, change)
    with pytest.raises(HistoryCorrupt, match=r"drill\.zip"):
        transfer.import_drill(other, file)
    assert other.drills() == []


@pytest.mark.parametrize("drill", ["../../etc", "a/b", "", ".hidden", "x" * 300])
def test_a_drill_whose_id_is_a_path_is_refused(other, file, drill):
    rewrite(file, "manifest.json", lambda text: json.dumps(json.loads(text) | {"drill": drill}))
    with pytest.raises(UsageError, match="not a valid id"):
        transfer.import_drill(other, file)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b'{"drill": "d"}'])
def test_what_is_no_export_is_said_so(other, tmp_path, content):
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(UsageError, match="is not a drill that gameday has exported"):
        transfer.import_drill(other, tmp_path / "x.zip")


def test_a_file_that_is_not_there_is_said_so(other, tmp_path):
    with pytest.raises(UsageError, match="is not a drill"):
        transfer.import_drill(other, tmp_path / "nothing.zip")


def test_a_newer_format_is_named(other, file):
    rewrite(file, "manifest.json", lambda text: text.replace('"format": 1', '"format": 2'))
    with pytest.raises(UsageError, match="has format 2; this gameday reads 1"):
        transfer.import_drill(other, file)


def test_facts_of_a_newer_gameday_are_refused_before_anything_is_stored(other, file):
    with zipfile.ZipFile(file) as zipped:
        lines = zipped.read("history.jsonl").decode().splitlines()
    lines[1] = lines[1].replace("NoteWritten", "NoteSung")
    rewrite(file, "history.jsonl", lambda _: "\n".join(lines) + "\n")
    rewrite(
        file, "manifest.json", lambda text: json.dumps(json.loads(text) | {"head": transfer._head(D, lines)})
    )
    with pytest.raises(StoreUnavailable, match="NoteSung"):
        transfer.import_drill(other, file)
    assert other.drills() == []


def test_a_history_that_is_not_sound_is_not_exported(store, tmp_path):
    with store._database.write() as tx:
        tx.execute("UPDATE events SET line = replace(line, 'three', 'tree')", {})
    with pytest.raises(HistoryCorrupt, match="event 3"):
        transfer.export_drill(store, D, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def test_an_export_is_for_its_owner_alone(file):
    assert file.stat().st_mode & 0o777 == 0o600
