"""The files that are drawn of a drill, for people and CI systems, as texts by their names.

`conduct.drill.report` writes them, next to result.json (`formats.stored.result`).
"""

from __future__ import annotations

from gameday.core import playbook, postmortem
from gameday.core.facts.history import History
from gameday.core.judging.result import Result
from gameday.core.playbook.outline import Present
from gameday.render import chart, html, junit, markdown, shown, summary, table
from gameday.render.shown import Shown

PATCH = "playbook.patch"


def drill_files(history: History, result: Result, present: Present | None) -> dict[str, str]:
    """Give the texts of a drill's folder; `playbook.patch` only where it changes a playbook.

    present: the playbook as it is now, whatever it was when the drill was planned: the patch applies to it.
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
    if planned is not None and present is not None:
        amended = playbook.apply(present, playbook.propose(history, result, planned))
        if amended != present.text:
            texts[PATCH] = playbook.patch(planned.path, present.text, amended)
    return texts


def shown_drill(history: History, result: Result) -> Shown:
    """Give what `gameday show` prints of a drill."""
    drafted = postmortem.draft(history, result)
    return Shown(summary=summary.summary(history, result), timeline=table.timeline(drafted))


def shown_text(history: History, result: Result, ends: str) -> str:
    """Give the file from which `gameday show` prints a drill as long as its history has these ends."""
    return shown.encode(shown_drill(history, result), ends)
