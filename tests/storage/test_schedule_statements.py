"""What every look of a daemon asks must not grow with all that ever came due."""

from __future__ import annotations

import sqlite3

import pytest

from gameday.storage import schedule_statements as sql
from gameday.storage import schema

VALUES = dict.fromkeys(("now", "environment", "schedule", "occurrence", "until", "most"), 0)


@pytest.mark.parametrize("name", ["ABANDONED", "ACTIVE_ON_ENVIRONMENT", "WAKING", "NEXT_WAKE"])
def test_a_look_walks_through_no_whole_table(name):
    connection = sqlite3.connect(":memory:")
    for statement in schema.NEW:
        connection.execute(statement)
    plan = connection.execute(f"EXPLAIN QUERY PLAN {getattr(sql, name)}", VALUES).fetchall()
    for *_, step in plan:
        assert not step.startswith("SCAN") or "occurrences_that_stand" in step, step
        assert "occurrences_by_time" not in step
    connection.close()
