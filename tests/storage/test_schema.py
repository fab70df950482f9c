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


def test_making_the_tables_again_changes_nothing():
    with closing(sqlite3.connect(":memory:")) as connection:
        shapes = []
        for _ in range(2):
            for statement in schema.NEW:
                connection.execute(statement)
            shapes.append(connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall())
    assert shapes[0] == shapes[1]


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
