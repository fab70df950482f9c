"""`gameday status`: quickly where no drill is open, else as `live_status` does."""

from __future__ import annotations

from gameday.cli.drill import quick_store
from gameday.cli.shared import find_drill, output
from gameday.core.errors import ExitCode


def main(*, json: bool, who: str = "") -> int:
    """Show the drills in progress; gives 4 where nothing of gameday will revert what may be in force."""
    with quick_store.opened() as quick:
        if quick is not None and not quick.open_drills:
            if json:
                output.data_json([])
            else:
                find_drill.none_in_progress(quick.game_days_in_progress())
            return ExitCode.PASSED
    from gameday.cli.drill import live_status  # noqa: PLC0415  # slow

    return live_status.main(json=json, who=who)
