"""Histories as rows: numbers without gaps, chains that hold, and repetitions that change nothing."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core.facts.load import CHUNK
from gameday.formats.stored import envelope
from gameday.storage import journal
from gameday.storage.journal import Batch
from gameday.storage.sqlite import SqliteDatabase

AT = "2026-12-01T10:00:00.000000Z"


def note(name: str, drill: str = "d1") -> envelope.Document:
    return {"drill": drill, "id": name, "kind": "NoteWritten", "recorded_at": AT, "fact": {"text": name}}


def batch(name: str, *lines: str, until: float = 10.0) -> Batch:
    samples = tuple(json.dumps({"start": until - CHUNK, "name": line}) for line in lines)
    return Batch(id=name, drill="d1", lines=samples, ends=until, until=until)


@pytest.fixture
def database(tmp_path):
    opened = SqliteDatabase(tmp_path / "gameday.db")
    yield opened
    opened.close()


def mistakes(database: SqliteDatabase, drill: str = "d1") -> list[str]:
    with database.read() as tx:
        return list(journal.verify(tx, drill))


DELIVERIES = st.lists(
    st.lists(st.tuples(st.sampled_from(["d1", "d2"]), st.integers(0, 8).map(str)), max_size=5), max_size=5
)


@settings(max_examples=15, deadline=None)
@given(deliveries=DELIVERIES)
def test_however_events_are_delivered_each_is_stored_once_and_both_chains_hold(deliveries):
    with tempfile.TemporaryDirectory() as folder:
        database = SqliteDatabase(Path(folder, "gameday.db"))
        new = 0
        for delivery in deliveries:
            with database.write() as tx:
                new += journal.append(tx, [note(name, drill) for drill, name in delivery])
        known = {each for delivery in deliveries for each in delivery}
        assert new == len(known)
        for drill in {drill for drill, _ in known}:
            stored = journal.documents(database, drill, "NoteWritten")
            assert [document["seq"] for document in stored] == list(range(1, len(stored) + 1))
            assert {(drill, document["id"]) for document in stored} == {
                each for each in known if each[0] == drill
            }
            assert mistakes(database, drill) == []
        database.close()


def test_the_same_load_twice_is_stored_once_and_the_observation_only_goes_on(database):
    with database.write() as tx:
        journal.append_load(tx, batch("b1", "line", until=10.0))
        journal.append_load(tx, batch("b2", until=30.0))
        journal.append_load(tx, batch("b1", "line", until=10.0))
        heads = journal.heads(tx, "d1")
    assert heads is not None
    assert (heads.load, heads.load_until) == (1, 30.0)
    assert mistakes(database) == []


@pytest.mark.parametrize(
    ("tampering", "mistake"),
    [
        ("DELETE FROM events WHERE seq = 1", "event 1 is missing"),
        ("DELETE FROM events WHERE seq = 3", "the last event is 2 instead of 3: the end was cut or replaced"),
        ("UPDATE events SET line = replace(line, 'b', 'x') WHERE seq = 2", "event 2 does not follow"),
        ("DELETE FROM load", "the last load batch is 0 instead of 1"),
    ],
)
def test_what_was_tampered_with_is_named_with_its_number(database, tampering, mistake):
    with database.write() as tx:
        journal.append(tx, [note("a"), note("b"), note("c")])
        journal.append_load(tx, batch("b1", "line"))
    assert mistakes(database) == []
    with database.write() as tx:
        tx.execute(tampering, {})
    assert any(each.startswith(mistake) for each in mistakes(database))


def test_of_no_drill_there_are_no_heads_and_nothing_verifies(database):
    assert mistakes(database, "d9") == ["no drill d9"]
    with database.read() as tx:
        assert journal.heads(tx, "d9") is None


@pytest.mark.parametrize(("reverted", "closed"), [(True, True), (False, False)])
def test_a_drill_that_left_its_fault_in_force_is_not_closed(database, reverted, closed):
    fact = {"how": "aborted", "reverted": reverted}
    with database.write() as tx:
        journal.append(tx, [{**note("end"), "kind": "DrillClosed", "fact": fact}])
    ((*_, at, how, _),) = journal.drills(database)
    assert (at is not None, how) == (closed, "aborted")
