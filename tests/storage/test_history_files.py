"""A drill's history as files in its folder."""

from __future__ import annotations

import json

import pytest

from gameday.core.facts import drill as ev
from gameday.core.facts.load import Chunk
from gameday.core.values import DrillId, EventId, instant
from gameday.storage import history_files
from tests.storage.stores import sqlite_store

D = DrillId("20261201-100000-slow-3f9a")
CHUNK = Chunk(type="GET", name="/", start=1_800_000_000, at=(3,), bin=(40,), count=(7,))


def note(text: str) -> ev.Event:
    return ev.Event(
        id=EventId(text), drill=D, recorded_at=instant(1_800_000_000.25), source="cli",
        fact=ev.NoteWritten(text=text),
    )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    opened = sqlite_store(tmp_path / "here" / "gameday.db")
    opened.append(note("one"), note("zwei ü"), note("three"))
    opened.append_load(D, [CHUNK], instant(1_800_000_010))
    yield opened
    opened.close()


def test_a_drills_folder_gets_its_history_as_files(store, tmp_path):
    history, load = history_files.write_history(store, D, tmp_path / "drills" / D)
    lines = history.read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3]
    assert json.loads(load.read_text().splitlines()[1])["count"] == [7]
    assert sorted(path.name for path in history.parent.iterdir()) == ["history.jsonl", "load.jsonl"]


def test_written_again_the_files_hold_what_has_come_since(store, tmp_path):
    history_files.write_history(store, D, tmp_path)
    store.append(note("four"))
    history, _ = history_files.write_history(store, D, tmp_path)
    assert [json.loads(line)["seq"] for line in history.read_text().splitlines()] == [1, 2, 3, 4]


def test_of_an_unknown_drill_nothing_is_written(store, tmp_path):
    with pytest.raises(LookupError):
        history_files.write_history(store, DrillId("unknown"), tmp_path / "drills")
    assert not (tmp_path / "drills").exists()
