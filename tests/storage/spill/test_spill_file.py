"""The spill file of a drill: lines that outlive a death, and a disk that is full."""

from __future__ import annotations

from typing import Any

import pytest

from gameday.core.errors import StoreUnavailable
from gameday.core.values import DrillId
from gameday.storage.spill import spill_file
from tests.small_disk import SmallDisk

D = DrillId("d1")


def event(name: str, text: str = "") -> dict[str, Any]:
    return {
        "id": name,
        "drill": D,
        "kind": "NoteWritten",
        "recorded_at": "2026-12-01T10:00:00Z",
        "source": "cli",
        "by": "",
        "fact": {"text": text},
    }


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "drills"


def test_a_incomplete_line_is_left_out_and_does_not_spoil_the_next(folder):
    spill_file.write(folder, [event("a")])
    with spill_file.path(folder, D).open("ab") as file:
        file.write(b'{"event": {"id": "to')
    spill_file.write(folder, [event("b")])
    assert [kept["id"] for kept in spill_file.read(spill_file.path(folder, D)).documents] == ["a", "b"]


@pytest.fixture
def full(tmp_path):
    """A disk for root to fill; the folder in it."""
    disk = SmallDisk.mounted(tmp_path / "image", tmp_path / "disk")
    yield disk
    disk.unmount()


def test_on_a_disk_that_is_full_events_go_into_the_space_that_was_set_aside(full):
    folder = full.place / "drills"
    spill_file.reserve(folder, D)
    spill_file.write(folder, [event("before")])
    make_room = full.fill()
    for number in range(200):
        spill_file.write(folder, [event(f"n{number}", "x" * 100)])
    kept = spill_file.path(folder, D)
    expected = ["before", *(f"n{number}" for number in range(200))]
    assert [document["id"] for document in spill_file.read(kept).documents] == expected
    make_room()
    with spill_file.taking(kept) as taken:
        assert len(taken.documents) == 201
    assert not list(kept.parent.iterdir())


def test_without_reserved_space_a_full_disk_refuses(full):
    folder = full.place / "drills"
    spill_file.write(folder, [event("before", "x" * 4000)])
    full.fill()
    with pytest.raises(StoreUnavailable, match="No space left"):
        spill_file.write(folder, [event("after", "x" * 4000)])
    assert [kept["id"] for kept in spill_file.read(spill_file.path(folder, D)).documents] == ["before"]


def test_a_file_that_is_not_there_is_empty(folder):
    path = spill_file.path(folder, D)
    assert spill_file.read(path) == spill_file.Spilled()
    with spill_file.taking(path) as taken:
        assert taken == spill_file.Spilled()


def test_what_could_not_be_stored_stays(folder):
    spill_file.write(folder, [event("a")])
    path = spill_file.path(folder, D)
    with pytest.raises(RuntimeError), spill_file.taking(path):
        raise RuntimeError
    assert [document["id"] for document in spill_file.read(path).documents] == ["a"]
    with spill_file.taking(path):
        pass
    assert spill_file.files(folder) == []


@pytest.mark.parametrize(
    "line",
    [
        "[]", '"event"', '{"event": {}}', '{"event": []}', '{"load": {}}', '{"load": []}', "{}",
        '{"event": {"id": [], "drill": "d1", "kind": "X", "recorded_at": "2026-12-01T10:00:00Z", "fact": {}}}',
        '{"load": {"id": 1, "drill": "d1", "lines": ["a"], "ends": 1, "until": 1}}',
        '{"load": {"id": "a", "drill": "d1", "lines": ["a"], "ends": "x", "until": 1}}',
        "[" * 100_000,
    ],
)  # fmt: skip
def test_a_line_of_another_kind_is_left_out(folder, line):
    spill_file.write(folder, [event("a")])
    with spill_file.path(folder, D).open("a") as file:
        file.write(line + "\n")
    spill_file.write(folder, [event("b")])
    kept = spill_file.read(spill_file.path(folder, D))
    assert ([document["id"] for document in kept.documents], kept.load) == (["a", "b"], ())
