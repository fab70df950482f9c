"""The files that are drawn of a drill, for people and CI systems, as texts by their names.

`conduct.drill.report` writes them, next to result.json (`formats.stored.result`).
"""

from __future__ import annotations

from gameday.core import exposure, playbook, postmortem
from gameday.core.facts.history import History
from gameday.core.judging import conditions
from gameday.core.judging.result import Result
from gameday.core.playbook.outline import Present
from gameday.render import chart, html, junit, markdown, show_cache, table, words
from gameday.render.show_cache import Shown

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
    return Shown(summary=summary(history, result), timeline=table.timeline(drafted))


def shown_text(history: History, result: Result, ends: str) -> str:
    """Give the file from which `gameday show` prints a drill as long as its history has these ends."""
    return show_cache.encode(shown_drill(history, result), ends)


def summary(history: History, result: Result) -> str:
    """Give a drill's result in a few lines."""
    outcome = words.outcome_word(result.attribution.outcome, alone=conditions.nobody_responds(history))
    lines = [f"{result.drill}: {outcome}. {result.attribution.why}"]
    for interval in result.milestones.intervals:
        verdict = str(interval.verdict) if interval.applies else "not timed"
        goal = words.duration(interval.objective)
        lines.append(f"  time to {interval.name:8} {words.taken(interval)}, objective {goal} ({verdict})")
    score = result.score
    verdict = score.verdict.replace("-", " ")
    points = verdict if score.points is None else f"{score.points:.1f} of {score.of:g}, {verdict}"
    lines.append(f"  {score.scorecard}: {points}; coverage {score.coverage:.0%}")
    if score.why:
        lines.append(f"  {score.why}")
    lines.append(f"  reverted: {_reverted(history, result)}")
    return "\n".join(lines)


def _reverted(history: History, result: Result) -> str:
    if history.imported:
        return "not known here: it was imported, and nothing in it is in force in this store"
    if not result.reverted:
        return "NO: a fault may still be in force"
    by_hand = exposure.undone_by_hand(history)
    if by_hand:
        return "; ".join(f"by hand, as {fact.by} recorded: “{fact.text}”" for fact in by_hand)
    bare = exposure.never_undone(history)
    return "nothing to revert: the experiment has no rollbacks" if bare else "yes"
