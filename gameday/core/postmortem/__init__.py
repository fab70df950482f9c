"""What a drill reports to people: `draft(history, result)` gives the whole postmortem as one value.

The same history gives an equal postmortem. A team or a system is judged, never a person: our own text names
no people; their own words are quoted as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gameday.core.facts import drill as ev
from gameday.core.facts.history import History, counted_instant
from gameday.core.judging.milestones import Interval, Link, Milestones
from gameday.core.judging.result import Result
from gameday.core.postmortem import (
    coverage,
    findings,
    narrative,
    playbook_steps,
    review_questions,
    sentences,
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
        began=counted_instant(history.events[0]),
        closed=closed,
        t0=lines.t0,
        summary=narrative.summary(history, result),
        milestones=timeline.milestone_lines(result, lines),
        timeline=lines.entries,
        chains=tuple(_chain(i, result.milestones) for i in result.milestones.intervals),
        root_cause=narrative.root_cause(history),
        impact=narrative.impact(history, result),
        harm=narrative.impact_summary(result.impact),
        harm_known=result.impact.started is not None or result.impact.judged,
        impact_seconds=result.impact.seconds,
        requests=result.impact.requests,
        bad=result.impact.bad,
        resolution=narrative.resolution(history, result),
        reverted=narrative.reverted(history, result),
        well=well,
        improve=improve,
        questions=review_questions.open_questions(history, steps),
        actions=(
            *(_action(f, closed, due) for f in improve if f.work),
            *_recorded(history, closed, due),
        ),
        coverage=covered,
        score=result.score,
        references=lines.references,
    )


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
        if answer.fact.question.startswith("action")
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


def _chain(interval: Interval, milestones: Milestones) -> Chain:
    own = [link for link in milestones.chain if link.chain == interval.name]
    before = _before(interval, milestones, own)
    spans = ([before] if before else []) + own
    known = [link.seconds for link in spans if link.seconds is not None and link.seconds > 0]
    longest = findings.longest(own) if len(own) > 1 else None
    return Chain(
        name=interval.name,
        start=sentences.milestone(interval.start),
        end=sentences.milestone(interval.end),
        seconds=interval.seconds,
        objective=interval.objective,
        verdict=interval.verdict,
        at_least=interval.at_least,
        applies=interval.applies,
        spans=tuple(
            _span(link, sum(known), longest=link is longest, earlier=link is before) for link in spans
        ),
    )


def _before(interval: Interval, milestones: Milestones, own: list[Link]) -> Link | None:
    """Give what went before a chain's first link: all times run from the start of impact."""
    start = milestones.by_name.get(interval.start)
    if not own or own[0].start is None or start is None or start.at is None or start.at >= own[0].start:
        return None
    station = own[0].name.split(" → ")[0]
    return Link(chain=interval.name, name=f"users affected → {station}", start=start.at, end=own[0].start)


def _span(link: Link, whole: float, *, longest: bool, earlier: bool) -> Span:
    return Span(
        name=link.name,
        start=link.start,
        end=link.end,
        seconds=None if link.seconds is None else round(link.seconds, 6),
        share=max(0.0, link.seconds) / whole if link.seconds is not None and whole > 0 else None,
        longest=longest,
        earlier=earlier,
    )
