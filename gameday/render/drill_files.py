"""All the files that a drill leaves for people and tools, as texts by their names.

Comes in: a history, its result, and the playbook's present text. Goes out: file texts.
Does not: write them.
"""

from __future__ import annotations

import json

from gameday.core import playbook, postmortem
from gameday.core.facts.history import History
from gameday.core.judging.result import Result
from gameday.render import chart, html, junit, markdown, result_json


def drill_files(history: History, result: Result, playbook_text: str | None) -> dict[str, str]:
    """Give the texts of a drill's folder; `playbook.patch` only where there is a playbook.

    The patch changes `playbook_text`, whatever the playbook was when the drill was planned.
    """
    told = postmortem.draft(history, result)
    wide = chart.impact(history, result)
    texts = {
        "result.json": json.dumps(result_json.encode(history, result), indent=2, ensure_ascii=False) + "\n",
        "postmortem.md": markdown.postmortem(told),
        "postmortem.html": html.postmortem(told, wide, chart.impact(history, result, width=chart.NARROW)),
        "impact.svg": wide,
        "junit.xml": junit.encode(history, result),
    }
    planned = history.plan.playbook
    if planned is not None and playbook_text is not None:
        amended = playbook.apply(playbook_text, playbook.propose(history, result, planned))
        texts["playbook.patch"] = playbook.patch(planned.path, playbook_text, amended)
    return texts
