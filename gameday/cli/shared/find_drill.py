"""Finds the drill that a command names. Who may see it is decided by `cli.drill.visibility`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gameday.cli.shared import output
from gameday.core.errors import UsageError
from gameday.core.values import DrillId

FIRST = "gameday run scenarios/NAME.yaml starts one"


class _Row(Protocol):
    @property
    def drill(self) -> DrillId: ...


class _Store(Protocol):
    def drills(self) -> Sequence[_Row]: ...


def find(store: _Store, named: str) -> DrillId:
    """Find a drill by its id, the unique beginning or end of it, or `last`. Raises UsageError."""
    rows = store.drills()
    if not rows:
        raise UsageError("no drill in this store yet", hint=FIRST)
    if named == "last":
        return rows[0].drill
    drills = [row.drill for row in rows if row.drill == named]
    drills = drills or [r.drill for r in rows if r.drill.startswith(named) or r.drill.endswith(named)]
    if len(drills) == 1:
        return drills[0]
    if drills:
        raise UsageError(
            f"'{named}' matches {len(drills)} drills: {', '.join(drills[:5])}", hint="give more of the id"
        )
    raise UsageError(f"no drill '{named}'", hint="gameday list shows the drills of this store")


def none_in_progress(game_days: Sequence[str]) -> None:
    """Report that no drill is in progress, and which game days are."""
    output.talk("no drill is in progress")
    days = ", ".join(game_days)
    output.hint(f"game day in progress: {days}: gameday plan show" if days else FIRST)
