"""The spill file of a drill: lines that outlive a death, and a disk that is full."""

from __future__ import annotations

import contextlib
import json
import math
import os
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
        "v": 1,
        "occurred_at": None,
        "recorded_at": "2026-12-01T10:00:00Z",
        "source": "cli",
        "by": "",
        "trusted": True,
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


def spoiled(**parts: Any) -> str:
    return json.dumps({"event": event("b") | parts})


@pytest.mark.parametrize(
    "line",
    [
        spoiled(id="\ud800"), spoiled(id="a\0b"), spoiled(id="x" * 501), spoiled(id=5), spoiled(kind="N\0"),
        spoiled(drill="x\0y"), spoiled(drill="d2"), spoiled(drill="../../x"), spoiled(by="\udc00"),
        spoiled(fact={"text": math.nan}), spoiled(fact={"text": [math.inf]}), spoiled(fact=[]),
        spoiled(fact={"a": {"\ud800": 1}}), spoiled(v="1"), spoiled(trusted=1), spoiled(seq="x"),
        spoiled(recorded_at="yesterday"), spoiled(fact={"text": "1e999"}).replace('"1e999"', "1e999"),
        json.dumps({"load": {"id": "a", "drill": "d1", "lines": ["x"], "ends": 1, "until": 1e308}}),
        json.dumps({"load": {"id": "a", "drill": "d1", "lines": ["x"], "ends": math.nan, "until": 1}}),
        json.dumps({"load": {"id": "a\0", "drill": "d1", "lines": ["x"], "ends": 1, "until": 1}}),
        json.dumps({"load": {"id": "a", "drill": "d2", "lines": ["x"], "ends": 1, "until": 1}}),
        '{"event": ' + '{"a":' * 500 + "1" + "}" * 501,
    ],
)  # fmt: skip
def test_what_could_not_be_stored_or_read_again_is_left_out_and_its_file_set_aside(folder, caplog, line):
    spill_file.write(folder, [event("a")])
    path = spill_file.path(folder, D)
    with path.open("a") as file:
        file.write(line + "\n")
    kept = spill_file.read(path)
    assert ([document["id"] for document in kept.documents], kept.load) == (["a"], ())
    content = path.read_bytes()
    with spill_file.taking(path) as taken:
        assert [document["id"] for document in taken.documents] == ["a"]
    aside = path.with_name("spill.set-aside-1.jsonl")
    assert (path.exists(), aside.read_bytes()) == (False, content)
    assert f"{path} could not be stored, and was set aside as {aside.name}" in caplog.text


def test_a_file_that_is_set_aside_replaces_no_other(folder):
    path = spill_file.path(folder, D)
    for _ in range(2):
        spill_file.write(folder, [event("a")])
        with spill_file.taking(path) as taken:
            taken.refused.append("the store has no room for it")
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "spill.set-aside-1.jsonl",
        "spill.set-aside-2.jsonl",
    ]


@pytest.mark.timeout(10)
def test_a_pipe_is_neither_waited_for_nor_written_to(folder):
    path = spill_file.path(folder, D)
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    with pytest.raises(StoreUnavailable, match="not an ordinary file"):
        spill_file.read(path)
    with spill_file.taking(path) as taken:
        assert taken == spill_file.Spilled()
    os.mkfifo(path)
    spill_file.write(folder, [event("a")])
    assert [kept["id"] for kept in spill_file.read(path).documents] == ["a"]


def as_a_stranger(file, do):
    """Do something as a user to whom the folder of a file is closed; give whether nothing was raised."""
    file.parent.chmod(0 if os.geteuid() else 0o700)
    child = os.fork()
    if not child:
        if not os.geteuid():
            os.setresuid(54321, 54321, 54321)
        with contextlib.suppress(BaseException):
            do()
            os._exit(0)
        os._exit(1)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    file.parent.chmod(0o700)
    return ended == 0


def test_another_users_spill_is_named_once_and_stops_nothing(folder, caplog):
    spill_file.write(folder, [event("e1")])
    file = spill_file.path(folder, D)

    def look():
        assert not spill_file.exists(folder, D)
        assert spill_file.read(file) == spill_file.Spilled()
        with spill_file.taking(file) as kept:
            assert kept == spill_file.Spilled()
        assert caplog.text.count("is left out") == 1
        assert "docs/how-to/team.md" in caplog.text

    assert as_a_stranger(file, look)
    assert len(spill_file.read(file).documents) == 1


def test_the_spill_of_a_groups_folder_is_the_groups(folder):
    folder.mkdir()
    folder.chmod(0o2770)
    spill_file.reserve(folder, D)
    spill_file.write(folder, [event("e1")])
    file = spill_file.path(folder, D)
    assert file.parent.stat().st_mode & 0o7777 == 0o2770
    assert {each.stat().st_mode & 0o777 for each in file.parent.iterdir()} == {0o660}
