"""What `gameday show` prints of a drill that has to be judged first."""

from __future__ import annotations

from gameday import wiring
from gameday.cli import revert
from gameday.cli.drill import visibility
from gameday.conduct.drill import report
from gameday.conduct.drill.report import JudgedDrill
from gameday.formats.stored import result as result_json
from gameday.render import drill_files
from gameday.render.show_cache import Shown


def encoded(named: str, who: str) -> dict[str, object]:
    """Give a drill's result as it is published. Raises UsageError for one that somebody may not see."""
    judged = _judged(named, who)
    return result_json.encode(judged.history, judged.result)


def shown(named: str, who: str) -> Shown:
    """Give a drill's result and timeline as lines. Raises UsageError for one that somebody may not see."""
    judged = _judged(named, who)
    return drill_files.shown_drill(judged.history, judged.result)


def _judged(named: str, who: str) -> JudgedDrill:
    store = revert.open_store(wiring.workspace())
    return report.judge(store, visibility.find(store, named, who))
