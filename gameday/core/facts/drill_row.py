"""One line of the list of drills: its fields are the columns of the table, too, and are named here alone.

Apart from the facts, and a named tuple, so that responders' commands wait for no imports.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from gameday.core.values import DrillId, Instant


class DrillRow(NamedTuple):
    """One line of the list of drills. imported: it came from a file, and nothing of it is in force here."""

    drill: DrillId
    scenario: str
    environment: str
    started: Instant
    closed: Instant | None
    how: str = ""
    imported: bool = False


COLUMNS = DrillRow._fields
"""What a store selects, in this order."""


def from_columns(values: Sequence[Any]) -> DrillRow:
    """Make a row of what a store has in COLUMNS. There, `imported` is the instant of the import, or null."""
    stored = dict(zip(COLUMNS, values, strict=True))
    return DrillRow(**{**stored, "imported": stored["imported"] is not None})
