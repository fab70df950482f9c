"""What a drill reports to people: `draft(history, result)` gives the whole postmortem as one value.

The same history gives an equal postmortem. A team or a system is judged, never a person: our own text names
no people; their own words are quoted as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from gameday.core.facts import drill as ev
from gameday.core.facts.history import History, counted_instant
from gameday.core.judging import answers, conditions
from gameday.core.judging.result import Result
from gameday.core.postmortem import (
    chains,
    coverage,
    findings,
    narrative,
    playbook_steps,
    review_questions,
    timeline,
)
from gameday.core.postmortem.evidence import Evidence
from gameday.core.postmortem.model import (
    ActionItem,
    Chain,
    Coverage,
    Entry,
    Finding,
    MilestoneLine,
    Postmortem,
    RootCause,
    SloLine,
    Span,
)
from gameday.core.values import Instant

__all__ = [
    "ActionItem",
    "Chain",
    "Coverage",
    "DueDays",
    "Entry",
    "Finding",
    "MilestoneLine",
    "Postmortem",
    "RootCause",
    "SloLine",
    "Span",
    "draft",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class DueDays:
    """The policy of due dates: days after the drill closed, by priority."""

    high: int = 7
    medium: int = 14
    low: int = 30

    def days(self, priority: str) -> int:
        """Give the days for a priority."""
        return {"high": self.high, "medium": self.medium}.get(priority, self.low)


def draft(history: History, result: Result, due: DueDays = DueDays()) -> Postmortem:
    """Draft the postmortem of a drill. Raises LookupError for a history without a plan."""
    planned = history.plan
    lines = timeline.build(history, result)
    steps = playbook_steps.review(history, result, planned.playbook)
    covered = coverage.expected_alerts(history, result, lines.references)
    evidence = Evidence(
        history=history,
        result=result,
        references=lines.references,
        reached=lines.reached,
        steps=steps,
        coverage=covered,
    )
    well, improve = findings.collect(evidence)
    closed = _closed(history)
    return Postmortem(
        drill=result.drill,
        revision=result.revision,
        head=f"{result.head.hash} ({result.head.events} events)" if result.head else "",
        title=planned.scenario.title,
        scenario=planned.scenario.scenario,
        description=planned.scenario.description,
        environment=planned.environment,
        mode=planned.mode,
        severity=" or ".join(f"{s} ({s.word})" for s in planned.scenario.severity),
        outcome=result.attribution.outcome,
        recovered_by=result.attribution.recovered_by,
        why=result.attribution.why,
        aborted=narrative.aborted(history, result),
        responder=narrative.responder(history),
        alone=conditions.nobody_responds(history),
        began=counted_instant(history.events[0]),
        closed=closed,
        t0=lines.t0,
        summary=narrative.summary(history, result),
        milestones=timeline.milestone_lines(result, lines),
        timeline=lines.entries,
        chains=chains.build(result.milestones),
        root_cause=narrative.root_cause(history),
        impact=narrative.impact(history, result),
        harm=narrative.impact_summary(result.impact, history.plan.scenario.slos),
        harm_known=result.impact.started is not None or result.impact.judged,
        affected=narrative.affected(result.impact, history.plan.scenario.slos),
        impact_seconds=result.impact.seconds,
        requests=result.impact.requests,
        bad=result.impact.bad,
        resolution=narrative.resolution(history, result),
        reverted=narrative.reverted(history, result),
        well=well,
        improve=improve,
        questions=review_questions.open_questions(history, steps),
        actions=_joined(
            (
                *(_action(f, closed, due) for f in improve if f.work),
                *_recorded(history, closed, due),
            )
        ),
        coverage=covered,
        score=result.score,
        references=lines.references,
    )


def _joined(items: Iterable[ActionItem]) -> tuple[ActionItem, ...]:
    """Make one item of those that ask for the same work, with the earliest date and every reason."""
    by_text: dict[str, ActionItem] = {}
    for item in items:
        words = " ".join(item.text.casefold().split()).rstrip(".")
        known = by_text.setdefault(words, item)
        if known is item:
            continue
        first = min(known, item, key=lambda each: each.due)
        reasons = tuple(dict.fromkeys((*known.because.split("; "), item.because)))
        owned = known if known.owner != "unassigned" else item
        by_text[words] = replace(
            known, due=first.due, priority=first.priority, owner=owned.owner, because="; ".join(reasons)
        )
    return tuple(by_text.values())


def _recorded(history: History, closed: Instant, due: DueDays) -> tuple[ActionItem, ...]:
    """Give the action items that people named at the review, in their own words."""
    day = datetime.fromtimestamp(closed, UTC).date() + timedelta(days=due.days("medium"))
    return tuple(
        ActionItem(
            text=answer.fact.answer,
            owner="unassigned",
            due=day.isoformat(),
            priority="medium",
            because="recorded at the review",
        )
        for answer in history.each(ev.ReviewAnswered)
        if answer.fact.question.startswith("action") and not answers.lacking("action", answer.fact.answer)
    )


def _closed(history: History) -> Instant:
    closed = history.first(ev.DrillClosed)
    return closed.at if closed else counted_instant(history.events[-1])


def _action(finding: Finding, closed: Instant, due: DueDays) -> ActionItem:
    day = datetime.fromtimestamp(closed, UTC).date() + timedelta(days=due.days(finding.priority))
    return ActionItem(
        text=finding.work,
        owner=finding.owner,
        due=day.isoformat(),
        priority=finding.priority,
        because=finding.title,
    )
