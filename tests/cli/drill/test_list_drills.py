"""The columns of `gameday list`, and the rows that a store gives for them."""

from __future__ import annotations

from gameday.cli.drill import list_drills
from gameday.core.facts import drill_row
from gameday.core.facts.drill_row import DrillRow
from tests.render import a_drill


def test_live_drills_look_different_from_ended_ones():
    row = DrillRow(
        drill=a_drill.DRILL,
        scenario="s",
        environment="shop",
        started=a_drill.at(0.0),
        closed=a_drill.at(240.0),
        how="completed",
    )
    live = row._replace(closed=None, how="")
    rows = list_drills.drills((row, live)).rows
    assert [line[3:] for line in rows] == [
        ("2026-12-01 10:00 UTC", "4 min 00 s", "completed"),
        ("2026-12-01 10:00 UTC", "–", "live"),
    ]


def test_an_imported_drill_is_stored_with_the_instant_of_its_import():
    values = dict.fromkeys(drill_row.COLUMNS) | {"how": "completed", "imported": 1.0}
    assert drill_row.from_columns(list(values.values())).imported
    assert not drill_row.from_columns(list((values | {"imported": None}).values())).imported
