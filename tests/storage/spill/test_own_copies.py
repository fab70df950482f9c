"""What reverting needs outlives the store, in the user's own folder."""

import json
import os
import stat
from dataclasses import replace

import pytest

from gameday.core.facts import drill as ev
from gameday.formats.stored import events as stored_events
from gameday.storage import open_store, urls
from gameday.storage.spill import own_copies
from gameday.system import clock
from gameday.system.ids import new_event_id
from tests.render import a_drill

REQUESTED = ev.FaultRequested(
    fault="main", experiment='{"secrets": {"t": "hunter2hunter2"}}', path="e.json", cwd="/"
)


def event(fact, drill="d", **more):
    return ev.Event(
        id=new_event_id(), drill=drill, recorded_at=clock.now(), source="conductor", fact=fact, **more
    )


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def store(tmp_path):
    opened = open_store(f"sqlite:///{tmp_path / 's.db'}", tmp_path / "drills")
    yield opened
    opened.close()


def test_a_request_is_kept_as_it_is_for_its_user_alone(store):
    planned, requested = event(a_drill.planned()), event(REQUESTED)
    store.append(planned)
    store.append(requested, event(ev.NoteWritten(text="not needed")))
    (copy,) = own_copies.everything().copies
    assert copy.events == (planned, requested)
    assert all(kept.signed for kept in copy.events)
    assert stat.S_IMODE(copy.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.file.parent.stat().st_mode) == 0o700


def test_it_is_removed_when_the_drill_is_closed_and_nothing_is_in_force(store):
    store.append(event(a_drill.planned()), event(REQUESTED))
    store.append(event(ev.DrillClosed(how="aborted", reverted=False)))
    assert own_copies.everything().copies
    store.append(event(ev.DrillClosed(how="aborted", reverted=True)))
    assert own_copies.everything().copies == ()


def test_what_was_imported_or_read_unsigned_is_never_kept_as_ones_own(store):
    store.append(event(REQUESTED, signed=False))
    store.append(event(a_drill.planned(), "e"), event(REQUESTED, "e"), event(ev.HistoryImported(), "e"))
    assert own_copies.everything().copies == ()


def test_a_copy_of_which_a_death_cut_off_a_line_still_serves(store):
    store.append(event(a_drill.planned()), event(REQUESTED))
    (copy,) = own_copies.everything().copies
    with copy.file.open("a") as file:
        file.write('\n{"event": {"id"')
    store.append(event(ev.FaultInjected(fault="main", action="a")))
    (read,) = own_copies.everything().copies
    assert read.events[:2] == copy.events
    assert len(read.events) == 3


@pytest.mark.parametrize(
    "content", ["", "{", "[]", json.dumps({"store": 1}), json.dumps({"event": {}}), "\0"]
)
def test_any_other_content_is_no_copy(store, content):
    store.append(event(a_drill.planned()))
    (copy,) = own_copies.everything().copies
    copy.file.write_text(content)
    assert own_copies.everything().copies == ()


def test_no_address_tells_a_password():
    url = "postgresql+psycopg://me:hunter2@db.example/drills?password=hunter2"
    assert urls.address(url) == "postgresql+psycopg://db.example/drills"


def test_drills_of_one_name_in_two_stores_have_a_copy_each(store, tmp_path):
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "drills")
    for one in (store, other):
        one.append(event(a_drill.planned()), event(replace(REQUESTED)))
    other.close()
    assert len({copy.address for copy in own_copies.everything().copies}) == 2


def added(copy, *records):
    with copy.file.open("a") as file:
        file.writelines(f"{json.dumps(record)}\n" for record in records)


def test_a_line_that_was_added_hides_no_drill(store):
    store.append(event(a_drill.planned()), event(REQUESTED))
    (copy,) = own_copies.everything().copies
    over = stored_events.encode(event(ev.FaultReverted(fault="main", how="rolled-back", by="worker")))
    added(copy, {"store": {"drill": "x", "address": "sqlite:////x", "artifacts": ""}}, {"event": over})
    assert own_copies.everything().copies == (copy,)
    copy.file.write_text('{"store": {"drill": "x", "address": "y"}}\n' + copy.file.read_text())
    assert own_copies.everything().copies == (copy,)


def test_a_request_that_was_changed_or_added_is_not_signed(store):
    store.append(event(a_drill.planned()), event(REQUESTED))
    (copy,) = own_copies.everything().copies
    copy.file.write_text(copy.file.read_text().replace('"path": "e.json"', '"path": "f.json"'))
    added(copy, {"event": stored_events.encode(event(replace(REQUESTED, fault="other")))})
    (read,) = own_copies.everything().copies
    requests = [kept for kept in read.events if isinstance(kept.fact, ev.FaultRequested)]
    assert [(kept.fact.fault, kept.signed) for kept in requests] == [("main", False), ("other", False)]


@pytest.mark.timeout(10)
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda file: file.symlink_to("/dev/zero")])
def test_what_is_no_file_is_not_waited_for_and_named_where_it_has_a_copys_name(store, make):
    store.append(event(a_drill.planned()))
    (copy,) = own_copies.everything().copies
    make(copy.file.with_name("x.jsonl"))
    assert own_copies.everything() == own_copies.Copies(copies=(copy,))
    copy.file.unlink()
    make(copy.file)
    assert own_copies.everything() == own_copies.Copies(unreadable=(copy.file,))


def test_a_copy_goes_on_where_its_folder_cannot_be_written_any_more(store, tmp_path, monkeypatch):
    store.append(event(a_drill.planned()))
    first, access = tmp_path / "state" / "gameday", os.access
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(os, "access", lambda path, mode: path != first and access(path, mode))
    store.append(event(REQUESTED))
    (copy,) = own_copies.everything().copies
    assert copy.file.is_relative_to(tmp_path / "home")
    assert [(kept.kind, kept.signed) for kept in copy.events] == [
        ("DrillPlanned", True),
        ("FaultRequested", True),
    ]
    copy.remove()
    assert own_copies.everything() == own_copies.Copies()
