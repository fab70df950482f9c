"""`gameday list`, `status` and `show`: quickly where nothing is open, else as `stored_drills` does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gameday.cli.drill import printed, quick_store
from gameday.cli.shared import find_drill, output
from gameday.core.errors import ExitCode
from gameday.core.values import format_instant
from gameday.render import table

if TYPE_CHECKING:
    from gameday.cli.drill.quick_store import QuickStore
    from gameday.render.table import TableRow

LISTED = 50
"""How many drills a terminal shows, where nobody asked for more."""


def listing(*, json: bool, who: str = "", limit: int | None = None) -> int:
    """List the drills, newest first. limit: the most; 0: all; None: all as JSON, else LISTED."""
    most = limit if limit is not None else 0 if json else LISTED
    # One more than is shown tells whether there are more.
    rows = _rows(who, most + 1 if most else None)
    shown = rows[:most] if most else rows
    if json:
        output.data_json([_encode(row) for row in shown])
    elif shown:
        output.data(table.drills(shown).text(output.columns()))
        if len(rows) > len(shown):
            output.hint(f"these are the newest {len(shown)}; all of them: gameday list --limit 0")
    else:
        output.talk("no drill in this store yet")
        output.hint(find_drill.FIRST)
    return ExitCode.PASSED


def _rows(who: str, most: int | None) -> Sequence[TableRow]:
    with quick_store.opened() as quick:
        if quick is not None:
            return quick.shown_to(who, most)
    from gameday.cli.drill import stored_drills  # noqa: PLC0415  # slow

    return stored_drills.rows(who)[:most]


def _encode(row: TableRow) -> dict[str, object]:
    return {
        "drill": row.drill,
        "scenario": row.scenario,
        "environment": row.environment,
        "started": format_instant(row.started),
        "closed": None if row.closed is None else format_instant(row.closed),
        "how": row.how or None,
        "imported": row.imported,
    }


def status(*, json: bool, who: str = "") -> int:
    """Show the drills in progress; gives 4 where nothing of gameday will revert what may be in force."""
    with quick_store.opened() as quick:
        if quick is not None and not quick.open_drills:
            return _nothing_in_progress(quick, json=json)
    from gameday.cli.drill import stored_drills  # noqa: PLC0415  # slow

    return stored_drills.status(json=json, who=who)


def _nothing_in_progress(quick: QuickStore, *, json: bool) -> int:
    if json:
        output.data_json([])
    else:
        printed.no_drill(quick.game_days_in_progress())
    return ExitCode.PASSED


def show(named: str, *, json: bool, who: str = "") -> int:
    """Show one drill's result and timeline."""
    if not json:
        with quick_store.opened() as quick:
            shown = None if quick is None else quick.shown(quick.find(named))
        if shown is not None:
            printed.show(shown)
            return ExitCode.PASSED
    from gameday.cli.drill import stored_drills  # noqa: PLC0415  # slow

    return stored_drills.show(named, json=json, who=who)
