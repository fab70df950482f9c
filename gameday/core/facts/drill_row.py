"""One line of the list of drills: the only place that names its fields, which are the columns of its table, too.

Apart from the facts, so that `gameday list` loads nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from gameday.core.values import DrillId, Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillRow:
    """One line of the list of drills. imported: it came from a file, and nothing of it is in force here."""

    drill: DrillId
    scenario: str
    environment: str
    started: Instant
    closed: Instant | None
    how: str = ""
    imported: bool = False


COLUMNS = tuple(field.name for field in fields(DrillRow))
"""What a store selects, in this order."""


def from_columns(values: Sequence[Any]) -> DrillRow:
    """Make a row of what a store has in COLUMNS. There, `imported` is the instant of the import, or null."""
    stored = dict(zip(COLUMNS, values, strict=True))
    return DrillRow(**{**stored, "imported": stored["imported"] is not None})
