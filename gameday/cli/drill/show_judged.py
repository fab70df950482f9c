"""`gameday show`, of a drill that has to be judged first."""

from __future__ import annotations

from gameday import wiring
from gameday.cli import revert
from gameday.cli.drill import show, visibility
from gameday.cli.shared import output
from gameday.conduct.drill import report
from gameday.core.errors import ExitCode
from gameday.formats.stored import result as result_json
from gameday.render import drill_files


def main(named: str, *, json: bool, who: str = "") -> int:
    """Show one drill's result and timeline."""
    store = revert.open_store(wiring.workspace())
    judged = report.judge(store, visibility.find(store, named, who))
    if json:
        output.data_json(result_json.encode(judged.history, judged.result))
        return ExitCode.PASSED
    show.show(drill_files.shown_drill(judged.history, judged.result))
    return ExitCode.PASSED
