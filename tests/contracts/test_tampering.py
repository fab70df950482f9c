"""Whatever of a judged drill's rows is changed, cut, moved or removed by hand, `verify` names it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy

from gameday.conduct.drill import report
from gameday.core.facts import drill as ev
from gameday.core.values import Instant
from gameday.formats.stored import heads
from gameday.formats.stored import result as result_json
from gameday.storage import open_store, transfer
from gameday.testing.histories import DRILL, Game

JUDGED = (
    Game()
    .fault(at=10)
    .bad("POST /checkout", 10, 60)
    .ack(at=20)
    .action("flag off", at=59)
    .mark("recovered", at=75)
    .over(at=80)
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    return (
        f"sqlite:///{tmp_path}/gameday.db"
        if request.param == "sqlite"
        else request.getfixturevalue("server").url()
    )


@pytest.fixture
def store(url):
    """A store with one judged drill, whose load came in three batches."""
    history, opened = JUDGED.history(), open_store(url)
    opened.append(*history.events[:4])
    chunks = history.load.chunks
    third = max(1, len(chunks) // 3)
    for part in (chunks[:third], chunks[third : 2 * third], chunks[2 * third :]):
        opened.append_load(DRILL, part, history.load.until)
    opened.append(*history.events[4:])
    yield opened
    opened.close()


def run(url, *statements):
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            assert connection.execute(sqlalchemy.text(statement)).rowcount
    engine.dispose()


def mistakes(store):
    return [*store.verify(DRILL), *store.verify_roll()]


ATTACKS = {
    "a line": "UPDATE events SET line = replace(line, 'conductor', 'Conductor') WHERE seq = 1",
    "a kind": "UPDATE events SET kind = 'NoteWritten' WHERE seq = 2",
    "an id": "UPDATE events SET id = 'x' WHERE seq = 2",
    "a hash": "UPDATE events SET hash = 'x' WHERE seq = 2",
    "a number": "UPDATE events SET seq = 999 WHERE seq = 2",
    "an event's drill": "UPDATE events SET drill = 'x' WHERE seq = 2",
    "an event": "DELETE FROM events WHERE seq = 2",
    "the last event": "DELETE FROM events WHERE seq = (SELECT MAX(seq) FROM events)",
    "load": "UPDATE load SET lines = replace(lines, 'start', 'Start') WHERE seq = 1",
    "where load ends": "UPDATE load SET ends = ends - 3600 WHERE seq = 1",
    "load's hash": "UPDATE load SET hash = 'x' WHERE seq = 1",
    "load's number": "UPDATE load SET seq = 999 WHERE seq = 1",
    "a batch of load": "DELETE FROM load WHERE seq = 2",
    "load's drill": "UPDATE load SET drill = 'x' WHERE seq = 1",
    "the scenario": "UPDATE drills SET scenario = 'x'",
    "the environment": "UPDATE drills SET environment = 'x'",
    "its start": "UPDATE drills SET started = started + 1",
    "its end": "UPDATE drills SET closed = closed + 1",
    "that it ended": "UPDATE drills SET closed = NULL",
    "how it ended": "UPDATE drills SET how = 'aborted'",
    "that it was imported": "UPDATE drills SET imported = 1.0",
    "the number of events": "UPDATE drills SET events = events - 1",
    "the head of events": "UPDATE drills SET events_head = 'x'",
    "the number of batches": "UPDATE drills SET load = load - 1",
    "the head of load": "UPDATE drills SET load_head = 'x'",
    "until when load was observed": "UPDATE drills SET load_until = load_until - 1",
    "the drill's id": "UPDATE drills SET drill = 'x'",
    "an entry of the roll": "UPDATE roll SET events = events - 1 WHERE seq = 1",
    "who is on the roll": "UPDATE roll SET drill = 'x' WHERE seq = 1",
    "the roll's hash": "UPDATE roll SET hash = 'x' WHERE seq = 1",
    "the roll": "DELETE FROM roll",
    "the roll's end": "UPDATE roll_end SET seq = 0",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_each_change_by_hand_is_named(store, url, attack):
    assert mistakes(store) == []
    run(url, attack)
    assert mistakes(store) != []


def test_a_tail_that_is_cut_with_its_row_mended_is_named(store, url):
    last = "(SELECT MAX(seq) FROM {})"
    for table, count in (("events", "events"), ("load", "load")):
        run(
            url,
            f"DELETE FROM {table} WHERE seq = {last.format(table)}",
            f"UPDATE drills SET {count} = {count} - 1, {count}_head = "
            f"(SELECT hash FROM {table} WHERE seq = {last.format(table)})",
        )
    assert any("does not end where it did" in mistake for mistake in mistakes(store))


def test_a_drill_that_is_gone_is_named(store, url):
    run(url, *(f"DELETE FROM {table}" for table in ("events", "load", "drills")))
    assert mistakes(store) == [
        f"no drill {DRILL}",
        f"drill {DRILL} has ended in this store, and its history is gone",
    ]


def test_a_later_answer_is_no_mistake_and_keeps_the_earlier_head(store):
    first = report.judge(store, DRILL).result.head
    late = JUDGED.history().events[-1]
    fact = ev.ReviewAnswered(question="fix", answer="done")
    store.append(
        replace(late, id="late", fact=fact, recorded_at=Instant(late.recorded_at + 60), occurred_at=None)
    )
    assert mistakes(store) == []
    second = report.judge(store, DRILL).result.head
    lines, load = store.lines(DRILL), store.read_load(DRILL)
    assert (second.revision, heads.position(DRILL, lines, load, first.hash)) == (
        first.revision + 1,
        first.events,
    )
    assert second.hash != first.hash


def test_a_head_shows_what_a_store_that_was_written_anew_hides(store, url, tmp_path):
    head = report.judge(store, DRILL).result.head
    other = open_store(f"sqlite:///{tmp_path}/other.db")
    history = JUDGED.history()
    other.append(*history.events)
    other.append_load(
        DRILL, history.load.chunks[1:], history.load.until
    )  # one batch less, and sound in itself
    assert [*other.verify(DRILL), *other.verify_roll()] == []
    assert heads.position(DRILL, other.lines(DRILL), other.read_load(DRILL), head.hash) == 0
    other.close()


def test_an_import_carries_the_head(store, tmp_path):
    first = report.judge(store, DRILL)
    transfer.export_drill(store, DRILL, tmp_path / "drill.gameday")
    other = open_store(f"sqlite:///{tmp_path}/other.db")
    transfer.import_drill(other, tmp_path / "drill.gameday")
    assert [*other.verify(DRILL), *other.verify_roll()] == []
    again = report.judge(other, DRILL)
    head = again.result.head
    assert (head.hash, head.events) == (first.result.head.hash, first.result.head.events)
    assert result_json.encode(again.history, again.result)["head"] == {
        "hash": first.result.head.hash,
        "events": first.result.head.events,
    }
    other.close()
