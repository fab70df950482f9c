"""The files that are drawn of a drill, for people and CI systems, as texts by their names.

`conduct.drill.report` writes them, next to result.json (`formats.stored.result`).
"""

from __future__ import annotations

from gameday.core import playbook, postmortem
from gameday.core.facts.history import History
from gameday.core.judging.result import Result
from gameday.render import chart, html, junit, markdown, shown, summary, table
from gameday.render.shown import Shown


def drill_files(history: History, result: Result, playbook_text: str | None) -> dict[str, str]:
    """Give the texts of a drill's folder; `playbook.patch` only where there is a playbook.

    The patch changes `playbook_text`, whatever the playbook was when the drill was planned.
    """
    drafted = postmortem.draft(history, result)
    wide = chart.impact(history, result)
    texts = {
        "postmortem.md": markdown.postmortem(drafted),
        "postmortem.html": html.postmortem(drafted, wide, chart.impact(history, result, width=chart.NARROW)),
        "impact.svg": wide,
        "junit.xml": junit.encode(history, result),
    }
    planned = history.plan.playbook
    if planned is not None and playbook_text is not None:
        amended = playbook.apply(playbook_text, playbook.propose(history, result, planned))
        texts["playbook.patch"] = playbook.patch(planned.path, playbook_text, amended)
    return texts


def shown_drill(history: History, result: Result) -> Shown:
    """Give what `gameday show` prints of a drill."""
    drafted = postmortem.draft(history, result)
    return Shown(summary=summary.summary(history, result), timeline=table.timeline(drafted))


def shown_text(history: History, result: Result, ends: str) -> str:
    """Give the file from which `gameday show` prints a drill as long as its history has these ends."""
    return shown.encode(shown_drill(history, result), ends)
