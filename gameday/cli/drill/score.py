"""`gameday score`: judges a stored drill again, with its own scorecard or another."""

from __future__ import annotations

from pathlib import Path

from gameday import wiring
from gameday.cli import revert
from gameday.cli.drill import visibility
from gameday.cli.shared import output
from gameday.conduct.drill import report
from gameday.core.errors import ExitCode
from gameday.formats.stored import result as result_json
from gameday.render import drill_files, table


def main(named: str, *, scorecard: Path | None, json: bool, who: str = "") -> int:
    """Score a stored drill again."""
    space = wiring.workspace()
    store = revert.open_store(space)
    rules = None if scorecard is None else wiring.scorecard(space, scorecard)
    judged = report.judge(store, visibility.find(store, named, who), rules)
    if judged.result.score.altered:
        own = judged.result.score.scorecard
        output.warn(f"{scorecard} is not the {own} that the drill was judged by: its contents are different")
        output.hint("give a changed scorecard another version, so that points compare only where they may")
    if json:
        output.data_json(result_json.encode(judged.history, judged.result))
    else:
        output.data(table.criteria(judged.result.score).text(output.columns()))
        output.data("")
        output.data(drill_files.summary(judged.history, judged.result))
    return ExitCode.PASSED
