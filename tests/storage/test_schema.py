"""The tables' versions: what a new store runs, how it is taken back, and which stores are refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from gameday.core.errors import StoreUnavailable
from gameday.storage import schema


def tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_each_step_takes_back_every_table_that_it_makes_but_the_versions_own():
    with closing(sqlite3.connect(":memory:")) as connection:
        # the second step adds columns, too: taking it back twice would fail if it left one
        for step in schema.STEPS:
            before = tables(connection)
            for statement in step.up:
                connection.execute(statement)
            assert tables(connection) > before
            for statement in step.down:
                connection.execute(statement)
            assert tables(connection) == before | {"schema_version"}
            for statement in step.up:
                connection.execute(statement)


@pytest.mark.parametrize("version", range(schema.VERSION + 1))
def test_what_is_missing_brings_a_store_of_any_version_up_to_date_once(version):
    with closing(sqlite3.connect(":memory:")) as connection, closing(sqlite3.connect(":memory:")) as new:
        for statement in (statement for step in schema.STEPS[:version] for statement in step.up):
            connection.execute(statement)
        for statement in schema.missing(version):
            connection.execute(statement)
        for statement in schema.missing(0):
            new.execute(statement)
        shape = "SELECT name, sql FROM sqlite_master ORDER BY name"
        assert connection.execute(shape).fetchall() == new.execute(shape).fetchall()
        assert new.execute("SELECT version FROM schema_version").fetchall() == [(schema.VERSION,)]
    assert schema.missing(schema.VERSION) == ()


def test_only_a_store_whose_missing_steps_add_is_updated_when_it_is_opened():
    assert schema.may_be_updated(1)
    assert not schema.may_be_updated(0)
    assert not schema.may_be_updated(schema.VERSION)
    assert not schema.may_be_updated(schema.VERSION + 1)


def test_a_store_of_this_version_is_taken():
    schema.check(schema.VERSION, "sqlite:///x.db")


@pytest.mark.parametrize(
    ("version", "hint"),
    [
        (schema.VERSION - 1, "gameday store migrate brings it on"),
        (schema.VERSION + 1, "a newer gameday made it: upgrade this one"),
    ],
)
def test_a_store_of_another_version_is_refused_with_the_way_on(version, hint):
    with pytest.raises(StoreUnavailable, match=f"sqlite:///x.db has schema {version}") as refused:
        schema.check(version, "sqlite:///x.db")
    assert refused.value.hint == hint
