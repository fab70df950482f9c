"""Migrations, up and down from each released schema, on both databases."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from gameday.core.errors import NotReady, StoreUnavailable, UsageError
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, EventId, instant
from gameday.storage import open_executor, open_plain, schema
from gameday.storage.migrating import migrate

TABLES = {
    "sqlite": "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name",
    "postgresql": """SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
        WHERE table_schema = 'public' UNION ALL
        SELECT tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'public'
        ORDER BY 1, 2, 3""",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("server").url()
    sqlite3.connect(tmp_path / "s.db").close()
    (tmp_path / "s.db").touch()
    return f"sqlite:///{tmp_path / 's.db'}"


def tables(url) -> list[tuple]:
    asked = open_executor(url)
    rows = asked.rows(TABLES[url.partition(":")[0].partition("+")[0]])
    asked.close()
    return list(rows)


def version(url) -> list[tuple]:
    asked = open_executor(url)
    rows = asked.rows("SELECT version FROM schema_version")
    asked.close()
    return list(rows)


def write(url, *facts: ev.Fact) -> None:
    store = open_plain(url)
    for number, fact in enumerate(facts):
        store.append(
            ev.Event(
                id=EventId(f"e{number}"),
                drill=DrillId("d"),
                recorded_at=instant(1.8e9),
                source="cli",
                fact=fact,
            )
        )
    store.close()


CLOSED = ev.DrillClosed(how="completed", reverted=True)


@pytest.mark.parametrize("step", range(1, schema.VERSION + 1))
def test_each_step_goes_up_and_down_and_up_again(url, step):
    assert migrate(url, step) == (0, step)
    assert migrate(url, step - 1) == (step, step - 1)
    assert migrate(url, step) == (step - 1, step)
    assert migrate(url, step) == (step, step)


def test_a_migrated_store_and_a_new_one_are_the_same(url, tmp_path, request):
    migrate(url)
    migrated = tables(url)
    new = (
        request.getfixturevalue("server").url() if "postgresql" in url else f"sqlite:///{tmp_path / 'new.db'}"
    )
    assert migrated == tables(new)
    assert version(url) == version(new) == [(schema.VERSION,)]


def test_a_migrated_store_serves(url):
    migrate(url)
    write(url, ev.NoteWritten(text="a"))
    store = open_plain(url)
    assert len(store.read(DrillId("d"))) == 1
    assert store.verify(DrillId("d")) == []
    store.close()


def test_a_store_that_was_made_new_is_at_the_last_version(url):
    open_plain(url).close()
    assert migrate(url) == (schema.VERSION, schema.VERSION)


def test_histories_are_never_taken_away(url):
    write(url, ev.NoteWritten(text="a"), CLOSED)
    with pytest.raises(UsageError, match="1 drills and schedules would be lost"):
        migrate(url, 0)
    assert migrate(url) == (schema.VERSION, schema.VERSION)


def test_a_live_drill_keeps_its_tables(url):
    write(url, ev.NoteWritten(text="a"))
    with pytest.raises(NotReady, match="drill d is live"):
        migrate(url, 0)


@pytest.mark.parametrize("to", [-1, schema.VERSION + 1])
def test_a_version_that_is_not_known_is_refused(url, to):
    with pytest.raises(UsageError, match="there is no schema"):
        migrate(url, to)


def test_a_store_of_a_newer_gameday_is_left_alone(url):
    migrate(url)
    changing = open_executor(url)
    with changing.write() as tx:
        tx.execute("UPDATE schema_version SET version = 99", {})
    changing.close()
    with pytest.raises(StoreUnavailable, match="has schema 99"):
        migrate(url)


def test_an_older_store_is_named_with_the_way_on(url):
    migrate(url)
    changing = open_executor(url)
    with changing.write() as tx:
        tx.execute("UPDATE schema_version SET version = 0", {})
    changing.close()
    with pytest.raises(StoreUnavailable) as found:
        open_plain(url)
    assert "gameday store migrate" in found.value.hint


def test_a_step_that_fails_leaves_the_version_before(url, monkeypatch):
    broken = schema.Step(up=(*schema.STEPS[0].up, "CREATE TABLE nonsense ("), down=())
    monkeypatch.setattr(schema, "STEPS", (broken, *schema.STEPS[1:]))
    with pytest.raises(StoreUnavailable):
        migrate(url)
    monkeypatch.undo()
    assert migrate(url) == (0, schema.VERSION)


def test_alembic_replays_the_steps_that_a_store_lacks(url, monkeypatch):
    further = schema.Step(up=("CREATE TABLE further (n INTEGER)",), down=("DROP TABLE further",))
    migrate(url)
    write(url, CLOSED)
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, further))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    assert migrate(url, schema.VERSION) == (schema.VERSION - 1, schema.VERSION)
    assert any("further" in row for row in tables(url))
    assert migrate(url, schema.VERSION - 1) == (schema.VERSION, schema.VERSION - 1)
    monkeypatch.undo()
    assert not any("further" in row for row in tables(url))
    assert version(url) == [(schema.VERSION,)]


def test_several_steps_are_taken_in_order_and_back(url, monkeypatch):
    first = schema.Step(up=("CREATE TABLE one (n INTEGER)",), down=("DROP TABLE one",))
    second = schema.Step(
        up=("ALTER TABLE one ADD COLUMN m INTEGER",), down=("ALTER TABLE one DROP COLUMN m",)
    )
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, first, second))
    last = len(schema.STEPS)
    monkeypatch.setattr(schema, "VERSION", last)
    assert migrate(url, last) == (0, last)
    assert migrate(url, 0) == (last, 0)


def test_two_that_migrate_at_once_do_it_once(url):
    results: list[tuple[int, int]] = []
    threads = [threading.Thread(target=lambda: results.append(migrate(url))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = schema.VERSION
    assert sorted(results) == [(0, last), (last, last), (last, last)]


def of_the_first_version(url) -> None:
    """Make a store as the first gameday made it, with an open drill in it."""
    write(url, ev.NoteWritten(text="a"))
    drop = open_executor(url)
    with drop.write() as tx:
        for statement in schema.STEPS[1].down:
            tx.execute(statement, {})
        tx.execute("UPDATE schema_version SET version = 1", {})
    drop.close()


def test_opening_a_store_of_the_first_version_takes_what_only_adds_once(url):
    of_the_first_version(url)
    threads = [threading.Thread(target=lambda: open_plain(url).close()) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert version(url) == [(schema.VERSION,)]
    store = open_plain(url)
    assert [row.event.fact for row in store.read(DrillId("d"))] == [ev.NoteWritten(text="a")]
    store.close()


def test_a_drill_in_progress_does_not_keep_a_store_from_what_only_adds(url):
    of_the_first_version(url)
    assert migrate(url) == (1, schema.VERSION)
    with pytest.raises(NotReady, match="drill d is live"):
        migrate(url, 1)


def test_a_sqlite_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(StoreUnavailable, match="there is no store"):
        migrate(f"sqlite:///{tmp_path / 'none.db'}")
