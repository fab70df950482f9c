"""`gameday import` reads strangers' files: each of these is refused at once, and nothing is stored."""

import hashlib
import json
import os
import zipfile
from pathlib import Path

import pytest

from gameday.core.errors import GamedayError
from gameday.formats.stored import envelope
from gameday.storage import open_store, transfer

NOTHING = hashlib.sha256(b"").hexdigest()
DEEP = "[" * 100_000


@pytest.fixture
def store(tmp_path):
    made = open_store(f"sqlite:///{tmp_path}/g.db", tmp_path / "drills")
    yield made
    assert made.drills() == []
    made.close()


def bundle(tmp_path, drill="x", history="", *, events=0, **parts):
    head = envelope.chain(envelope.start("x"), history.strip()) if events else envelope.start("x")
    manifest = {"format": 1, "drill": drill, "events": events, "head": head, "load": NOTHING}
    file = tmp_path / "drill.zip"
    whole = {"manifest.json": json.dumps(manifest), "history.jsonl": history, "load.jsonl": "", **parts}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in whole.items():
            zipped.writestr(name, text)
    return file


@pytest.mark.parametrize("drill", ["../../x", "/etc/x", "a/b", "..", "", "a\n", "a" * 300, 5, None, ["x"]])
def test_what_is_no_id_names_no_folder(store, tmp_path, drill):
    with pytest.raises(GamedayError, match="not a valid id"):
        transfer.import_drill(store, bundle(tmp_path, drill))


def test_depth_in_the_manifest_is_refused(store, tmp_path):
    with pytest.raises(GamedayError, match="not a drill"):
        transfer.import_drill(store, bundle(tmp_path, **{"manifest.json": DEEP}))


def test_depth_in_the_history_is_refused(store, tmp_path):
    with pytest.raises(GamedayError, match="recursion"):
        transfer.import_drill(store, bundle(tmp_path, history=DEEP + "\n", events=1))


def test_what_unpacks_to_more_than_is_read_is_not_unpacked(store, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "LARGEST_PART", 1000)
    with pytest.raises(GamedayError, match="longer than 1000 bytes"):
        transfer.import_drill(store, bundle(tmp_path, history="0" * 100_000))


def test_parts_that_name_other_places_are_never_unpacked(store, tmp_path):
    file = bundle(tmp_path, "..", **{"../../outside": "hello"})
    with pytest.raises(GamedayError):
        transfer.import_drill(store, file)
    assert not (tmp_path.parent.parent / "outside").exists()


@pytest.mark.timeout(10)
def test_a_pipe_or_a_device_is_not_waited_for(store, tmp_path):
    os.mkfifo(tmp_path / "pipe.zip")
    for file in (tmp_path / "pipe.zip", Path("/dev/zero"), tmp_path):
        with pytest.raises(GamedayError, match="ordinary file"):
            transfer.import_drill(store, file)
