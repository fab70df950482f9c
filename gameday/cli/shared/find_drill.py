"""How commands name a drill.

Comes in: the store, and what was typed. Goes out: the drill's id.
Does not: decide who may see it; `audience` does.
"""

from __future__ import annotations

from gameday import ports
from gameday.core.errors import UsageError
from gameday.core.values import DrillId

FIRST = "gameday run scenarios/NAME.yaml starts one"


def find(store: ports.HistoryStore, named: str) -> DrillId:
    """Find a drill by its id, the unique beginning or end of it, or `last`. Raises UsageError."""
    rows = store.drills()
    if not rows:
        raise UsageError("this store has no drill yet", hint=FIRST)
    if named == "last":
        return rows[0].drill
    found = [row.drill for row in rows if row.drill == named]
    found = found or [r.drill for r in rows if r.drill.startswith(named) or r.drill.endswith(named)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"'{named}' names {len(found)} drills: {', '.join(found[:5])}")
    raise UsageError(f"there is no drill '{named}'", hint="gameday list shows the drills of this store")
