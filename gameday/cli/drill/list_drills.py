"""`gameday list`: the drills of a store as a table or as JSON, quickly where nothing is open.

Its columns are here; what a row holds is `core.facts.drill_row`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gameday.cli.drill import quick_store
from gameday.cli.shared import find_drill, output
from gameday.core.errors import ExitCode
from gameday.core.facts.drill_row import DrillRow
from gameday.core.values import Instant, format_instant
from gameday.render import words
from gameday.render.table import TextTable

LISTED = 50
"""How many drills a terminal shows, where nobody asked for more."""


def main(*, json: bool, who: str = "", limit: int | None = None) -> int:
    """List the drills, newest first. limit: the most; 0: all; None: all as JSON, else LISTED."""
    most = limit if limit is not None else 0 if json else LISTED
    # One more than is shown, to learn whether there are more.
    rows = _rows(who, most + 1 if most else None)
    shown = rows[:most] if most else rows
    if json:
        output.data_json([_encode(row) for row in shown])
    elif shown:
        output.data(drills(shown).text(output.columns()))
        if len(rows) > len(shown):
            output.hint(f"these are the newest {len(shown)}; all of them: gameday list --limit 0")
    else:
        output.talk("no drill in this store yet")
        output.hint(find_drill.FIRST)
    return ExitCode.PASSED


def _rows(who: str, most: int | None) -> Sequence[DrillRow]:
    with quick_store.opened() as quick:
        if quick is not None:
            return quick.shown_to(who, most)
    from gameday import wiring  # noqa: PLC0415  # slow
    from gameday.cli import revert  # noqa: PLC0415
    from gameday.cli.drill import visibility  # noqa: PLC0415

    return list(visibility.rows(revert.open_store(wiring.workspace()), who))[:most]


def _encode(row: DrillRow) -> dict[str, object]:
    return {
        "drill": row.drill,
        "scenario": row.scenario,
        "environment": row.environment,
        "started": format_instant(row.started),
        "closed": None if row.closed is None else format_instant(row.closed),
        "how": row.how or None,
        "imported": row.imported,
    }


def drills(rows: Iterable[DrillRow]) -> TextTable:
    """List drills as the store has them."""
    return TextTable(
        head=("Drill", "Scenario", "Environment", "Started", "Took", "Ended"),
        rows=tuple(
            (
                row.drill,
                row.scenario,
                row.environment,
                words.minute(row.started),
                _duration(row.started, row.closed),
                _ended(row),
            )
            for row in rows
        ),
        right=frozenset({4}),
    )


def _ended(row: DrillRow) -> str:
    if row.closed is None:
        return "exposed" if row.how else "live"
    return f"{row.how} (imported)" if row.imported and row.how != "imported" else row.how


def _duration(started: Instant, closed: Instant | None) -> str:
    return words.duration(None if closed is None else closed - started)
