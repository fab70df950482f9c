"""What reverting needs outlives the store, in the user's own folder."""

import json
import stat
from dataclasses import replace

import pytest

from gameday.core.facts import drill as ev
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
    (copy,) = own_copies.everything()
    assert copy.events == (planned, requested)
    assert all(kept.signed for kept in copy.events)
    assert stat.S_IMODE(copy.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.file.parent.stat().st_mode) == 0o700


def test_it_is_removed_when_the_drill_is_closed_and_nothing_is_in_force(store):
    store.append(event(a_drill.planned()), event(REQUESTED))
    store.append(event(ev.DrillClosed(how="aborted", reverted=False)))
    assert own_copies.everything()
    store.append(event(ev.DrillClosed(how="aborted", reverted=True)))
    assert own_copies.everything() == []


def test_what_was_imported_or_read_unsigned_is_never_kept_as_ones_own(store):
    store.append(event(REQUESTED, signed=False))
    store.append(event(a_drill.planned(), "e"), event(REQUESTED, "e"), event(ev.HistoryImported(), "e"))
    assert own_copies.everything() == []


def test_a_copy_of_which_a_death_cut_off_a_line_still_serves(store):
    store.append(event(a_drill.planned()), event(REQUESTED))
    (copy,) = own_copies.everything()
    with copy.file.open("a") as file:
        file.write('\n{"event": {"id"')
    store.append(event(ev.FaultInjected(fault="main", action="a")))
    (read,) = own_copies.everything()
    assert read.events[:2] == copy.events
    assert len(read.events) == 3


@pytest.mark.parametrize(
    "content", ["", "{", "[]", json.dumps({"store": 1}), json.dumps({"event": {}}), "\0"]
)
def test_any_other_content_is_no_copy(store, content):
    store.append(event(a_drill.planned()))
    (copy,) = own_copies.everything()
    copy.file.write_text(content)
    assert own_copies.everything() == []


def test_no_address_tells_a_password():
    url = "postgresql+psycopg://me:hunter2@db.example/drills?password=hunter2"
    assert urls.address(url) == "postgresql+psycopg://db.example/drills"


def test_drills_of_one_name_in_two_stores_have_a_copy_each(store, tmp_path):
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "drills")
    for one in (store, other):
        one.append(event(a_drill.planned()), event(replace(REQUESTED)))
    other.close()
    assert len({copy.address for copy in own_copies.everything()}) == 2
