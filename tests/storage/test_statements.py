"""The SQL of histories: SQLite takes every statement, and what drills are asked for walks through no history."""

from __future__ import annotations

import re
import sqlite3

import pytest

from gameday.storage import schema, statements

STATEMENTS = {
    name: value
    for name, value in vars(statements).items()
    if isinstance(value, str) and re.match(r"(SELECT|INSERT|UPDATE|DELETE|CREATE)\b", value)
}


@pytest.fixture
def connection():
    opened = sqlite3.connect(":memory:")
    for statement in schema.NEW:
        opened.execute(statement)
    yield opened
    opened.close()


def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    values = dict.fromkeys(re.findall(r":(\w+)", statement), 0)
    return [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]


def test_the_statements_are_found():
    assert {"ADD_EVENT", "CLAIM", "TAKE_LEASE", "INDEX_DRILL"} <= STATEMENTS.keys()


@pytest.mark.parametrize("name", STATEMENTS)
def test_sqlite_takes_each_statement_with_the_parameters_that_it_names(connection, name):
    if not STATEMENTS[name].startswith("CREATE"):
        plan(connection, STATEMENTS[name])


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_on_events_or_load_walks_through_the_whole_table(connection, name):
    if not STATEMENTS[name].startswith("CREATE"):
        assert not {"SCAN events", "SCAN load"}.intersection(plan(connection, STATEMENTS[name]))
