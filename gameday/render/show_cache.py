"""What `gameday show` prints of a drill, kept next to its other files so that it need not be judged again.

It holds for one version of gameday and one state of the history, which it names: with any other of the two it
is worth nothing, and the drill is judged again. Reading it loads neither facts nor the judge.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import gameday
from gameday.render.table import TextTable

FILE = "shown.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """The lines of a drill's result, and its timeline."""

    summary: str
    timeline: TextTable


def encode(shown: Shown, ends: str) -> str:
    """Write it as JSON. ends: of the history that was judged (`ports.HistoryStore.ends`)."""
    table = shown.timeline
    document = {
        "gameday": gameday.__version__,
        "ends": ends,
        "summary": shown.summary,
        "timeline": {"head": table.head, "rows": table.rows, "right": sorted(table.right)},
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def decode(text: str, ends: str) -> Shown | None:
    """Read it back; None where it is of another version, of another state of the history, or damaged."""
    try:
        document = json.loads(text)
        if (document["gameday"], document["ends"]) != (gameday.__version__, ends) or not ends:
            return None
        table = document["timeline"]
        rows = tuple(tuple(map(str, row)) for row in table["rows"])
        head, right = tuple(map(str, table["head"])), frozenset(map(int, table["right"]))
        if any(len(row) != len(head) for row in rows):
            return None
        return Shown(summary=str(document["summary"]), timeline=TextTable(head=head, rows=rows, right=right))
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
