"""A drill is found by its user's own copy, and never taken for another one of the same name."""

import os

import pytest

from gameday import wiring
from gameday.cli.shared import lost_drills
from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.storage.spill import own_copies
from gameday.system import clock
from gameday.system.ids import new_event_id
from tests.render import a_drill


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(lost_drills, "ARRIVAL", 0.0)


class House:
    """A workspace and its store."""

    def __init__(self, root):
        root.mkdir(exist_ok=True)
        (root / "gameday.toml").write_text("")
        self.space = wiring.workspace(root)
        self.store = wiring.workspace_store(self.space)

    def begin(self, drill="d"):
        requested = ev.FaultRequested(fault="main", experiment="{}", path="e.json", cwd=str(self.space.root))
        for fact in (a_drill.planned(), requested):
            self.store.append(
                ev.Event(id=new_event_id(), drill=drill, recorded_at=clock.now(), source="t", fact=fact)
            )
        return self

    def restore(self):
        return lost_drills.restore(self.space, self.store).lost

    def open_faults(self, drill="d"):
        return exposure.open_faults(history.from_events(row.event for row in self.store.read(drill)))

    def delete(self):
        self.store.close()
        for file in (self.space.root / ".gameday").glob("gameday.db*"):
            file.unlink()
        return House(self.space.root)


def test_a_store_that_lost_a_drill_gets_it_back_signed_and_says_so(tmp_path, capfd):
    house = House(tmp_path / "a").begin().delete()
    assert house.restore() == []
    assert [fault.signed for fault in house.open_faults()] == [True]
    assert "the store lost the history of drill d" in capfd.readouterr().err
    assert house.restore() == []
    assert capfd.readouterr().err == ""


def test_a_store_that_lost_nothing_is_left_alone(tmp_path, capfd):
    house = House(tmp_path / "a").begin()
    before = len(house.store.read("d"))
    assert house.restore() == []
    assert len(house.store.read("d")) == before
    assert capfd.readouterr().err == ""


def test_another_workspace_leaves_a_drill_whose_store_is_there_alone(tmp_path):
    House(tmp_path / "a").begin()
    assert House(tmp_path / "b").restore() == []


def test_a_drill_whose_store_is_gone_gets_one_of_its_own(tmp_path, capfd):
    gone = House(tmp_path / "a").begin()
    gone.store.close()
    (gone.space.root / ".gameday" / "gameday.db").unlink()
    other = House(tmp_path / "b")
    (location,) = other.restore()
    assert [row.drill for row in location.store.live()] == ["d"]
    assert not other.store.live()
    assert "drill d has lost its store" in capfd.readouterr().err


def test_another_drill_of_the_same_name_takes_no_facts_of_the_lost_one(tmp_path):
    house = House(tmp_path / "a").begin().delete()
    ours = own_copies.everything().copies[0].events
    for file in own_copies.everything().copies:
        file.file.rename(file.file.with_name("kept"))
    house.begin()
    house.store.close()
    for file in own_copies.everything().copies:
        file.remove()
    kept = next((tmp_path / "state" / "gameday" / "open-drills").glob("kept"))
    kept.rename(kept.with_name("d.lost.jsonl"))
    again = House(tmp_path / "a")
    (location,) = again.restore()
    assert {row.event.id for row in location.store.read("d")} == {event.id for event in ours}
    assert not {event.id for event in ours} & {row.event.id for row in again.store.read("d")}


def test_the_copy_of_a_drill_that_its_store_holds_as_closed_is_removed(tmp_path):
    house = House(tmp_path / "a").begin()
    closed = [
        ev.FaultReverted(fault="main", how="rolled-back", by="worker"),
        ev.DrillClosed(how="aborted", reverted=True),
    ]
    plain = wiring.store(house.space.store_url)
    for fact in closed:  # by another host, whose user has another state folder
        plain.append(ev.Event(id=new_event_id(), drill="d", recorded_at=clock.now(), source="t", fact=fact))
    assert own_copies.everything().copies
    assert house.restore() == []
    assert own_copies.everything().copies == ()


def test_a_copy_that_was_changed_is_a_strangers_and_is_stored_once(tmp_path):
    house = House(tmp_path / "a").begin()
    (copy,) = own_copies.everything().copies
    copy.file.write_text(copy.file.read_text().replace('"experiment": "{}"', '"experiment": "[]"'))
    house = house.delete()
    for _ in range(2):
        assert house.restore() == []
        assert [fault.signed for fault in house.open_faults()] == [False]
    assert len(house.store.read("d")) == 2


def test_what_cannot_be_read_may_be_in_force(tmp_path, capfd):
    house = House(tmp_path / "a").begin()
    (copy,) = own_copies.everything().copies
    copy.file.unlink()
    os.mkfifo(copy.file)
    assert lost_drills.restore(house.space, house.store).doubtful
    assert f"can't be read: {copy.file}" in capfd.readouterr().err


def test_a_copy_that_cannot_be_used_keeps_no_other_from_it(tmp_path, capfd):
    strange = own_copies.OwnCopies(address="nosuch:///x", artifacts="")
    requested = ev.FaultRequested(fault="main", experiment="{}", path="e.json", cwd="/")
    strange.keep(
        [ev.Event(id=new_event_id(), drill="c", recorded_at=clock.now() - 9, source="t", fact=requested)]
    )
    house = House(tmp_path / "a").begin().delete()
    restored = lost_drills.restore(house.space, house.store)
    assert (restored.lost, restored.doubtful) == ([], True)
    assert [fault.signed for fault in house.open_faults()] == [True]
    assert "is not the URL of a store" in capfd.readouterr().err
