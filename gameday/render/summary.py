"""A judged drill in a few lines, for a terminal."""

from __future__ import annotations

from gameday.core import exposure
from gameday.core.facts.history import History
from gameday.core.judging.result import Result
from gameday.render import words


def summary(history: History, result: Result) -> str:
    """Give a drill's result in a few lines."""
    lines = [f"{result.drill}: {result.attribution.outcome}. {result.attribution.why}"]
    for interval in result.milestones.intervals:
        verdict = str(interval.verdict) if interval.applies else "nothing to time"
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
