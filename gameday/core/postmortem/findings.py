"""Lessons learned: what went well, what was slow, what was missing, each with its evidence.

Comes in: a history, its result, the timeline's numbers and what became of the steps.
Goes out: findings. Does not: name people, or call something undone
that merely left no trace; that is a question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.judging import conditions
from gameday.core.judging.milestones import Interval, Link
from gameday.core.judging.score import Scored
from gameday.core.postmortem import percent, relapses
from gameday.core.postmortem.evidence import Evidence
from gameday.core.postmortem.model import Coverage, Finding
from gameday.core.postmortem.playbook_steps import short
from gameday.core.values import (
    MilestoneName,
    Outcome,
    RecoveredBy,
    Severity,
    Verdict,
    format_duration,
)

INTERVAL_WORDS = {"detect": "Time to detect", "contain": "Time to contain", "recover": "Time to recover"}
_COVERED = frozenset(
    {
        "detect",
        "contain",
        "recover",
        "severity_matches",
        "alerts_expected",
        "alerts_noise",
        "recovered_by_people",
        "recovered_by_automation",
        "recovered_before_rollback",
        "playbook_followed",
        "root_cause_recorded",
        "fix_validated",
    }
)
"""Measures that have a finding or a question of their own."""


def collect(seen: Evidence) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Give (what went well, what to improve), each in the order of a response."""
    if seen.history.refused:
        return (), (_not_begun(seen),)
    found = (
        *_safety(seen),
        *_times(seen),
        *_alerts(seen),
        *_triage(seen),
        *_steps(seen),
        *_attribution(seen),
        *relapses.find(seen),
        *_instruments(seen),
        *_other_points(seen),
    )
    return (
        tuple(f for f in found if f.tone == "well"),
        tuple(f for f in found if f.tone != "well"),
    )


def _not_begun(seen: Evidence) -> Finding:
    """Tell the one thing that a drill without a beginning shows: why it had none."""
    return Finding(
        tone="gap",
        title="The drill did not begin",
        detail=f"{seen.history.refused}.",
        evidence=seen.numbers(
            one.event.id for one in seen.history.each(ev.PreflightChecked) if not one.fact.passed
        ),
        work="Make the environment ready for this drill, then hold it",
        owner=seen.role("facilitator"),
        priority="high",
    )


def _safety(seen: Evidence) -> Iterator[Finding]:
    for tripped in seen.history.each(ev.GuardrailTripped):
        yield Finding(
            tone="safety",
            title=f"The guardrail {tripped.fact.guardrail} tripped",
            detail=tripped.fact.detail or "The drill was aborted and everything reverted.",
            evidence=seen.numbers([tripped.event.id]),
            work="Decide whether the drill was too harsh or the guardrail too tight",
            owner=seen.role("facilitator"),
            priority="high",
        )
    failed = tuple(seen.history.each(ev.RevertFailed))
    if failed:
        end = "It was reverted later." if seen.result.reverted else "A person must look."
        yield Finding(
            tone="safety",
            title="A rollback failed",
            detail=f"{len(failed)} of the tries to revert the fault failed. {end}",
            evidence=seen.numbers(f.event.id for f in failed),
            work="Mend the experiment's rollbacks, and rehearse them alone before the next drill",
            owner=seen.role("facilitator"),
            priority="high",
        )
    elif exposure.never_undone(seen.history):
        yield from _never_undone(seen)
    elif seen.result.reverted and seen.history.first(ev.FaultInjected):
        yield Finding(
            tone="well", title="The fault was reverted", detail="Nothing of it is in force any more."
        )


def _never_undone(seen: Evidence) -> Iterator[Finding]:
    """Tell that nothing undid a fault, where harm was still seen at the end."""
    if seen.result.reverted:
        return
    ended = seen.history.each(ev.FaultReverted)
    yield Finding(
        tone="safety",
        title="Nothing undid the fault",
        detail="The experiment has no rollbacks, and the service was not well at the end: look at it.",
        evidence=seen.numbers(d.event.id for d in ended if d.fact.how == exposure.NOTHING_TO_UNDO),
        work="Give the experiment rollbacks, or a longer verify phase if it heals by itself",
        owner=seen.role("facilitator"),
        priority="high",
    )


def _times(seen: Evidence) -> Iterator[Finding]:
    if seen.result.attribution.outcome in (Outcome.ABSORBED, Outcome.NO_EFFECT):
        return
    for interval in seen.result.milestones.intervals:
        if interval.applies:
            yield _time(interval, seen)


def _time(interval: Interval, seen: Evidence) -> Finding:
    name = INTERVAL_WORDS.get(interval.name, interval.name)
    allowed = f"the objective is {format_duration(interval.objective)}"
    links = [link for link in seen.result.milestones.chain if link.chain == interval.name]
    ends = (interval.start, interval.end)
    evidence = tuple(sorted({seen.reached[end] for end in ends if end in seen.reached}))
    if interval.verdict is Verdict.MET and interval.seconds is not None:
        took = f"{name}: {format_duration(interval.seconds)}"
        return Finding(tone="well", title=took, detail=f"Met: {allowed}.", evidence=evidence)
    if interval.seconds is None:
        return _never(interval, name, allowed, evidence)
    most = longest(links)
    part = _part(most, interval.seconds)
    target = most.name if most else name.lower()
    return Finding(
        tone="slow",
        title=f"{name}: {format_duration(interval.seconds)}",
        detail=f"Slower than it should be: {allowed}.{part}",
        evidence=evidence,
        work=f"Shorten “{target}”, the longest part of the {name.lower()}",
        owner=seen.role("incident commander"),
        priority="high" if interval.verdict is Verdict.MISSED else "medium",
    )


def _never(interval: Interval, name: str, allowed: str, evidence: tuple[int, ...]) -> Finding:
    if interval.verdict is Verdict.UNKNOWN and not interval.censored:
        return Finding(tone="gap", title=f"{name}: not known", detail="The instruments could not tell.")
    least = (
        f"at least {format_duration(interval.at_least)}" if interval.at_least is not None else "not reached"
    )
    return Finding(
        tone="slow",
        title=f"{name}: {least}",
        detail=f"Not reached before our own rollback or the end of the time box ended it; {allowed}.",
        evidence=evidence,
        work=f"Rehearse the steps that end the {name.removeprefix('Time to ')} phase, then drill again",
        priority="high",
    )


def longest(links: Sequence[Link]) -> Link | None:
    """Find the link that took the longest; None where no time is known."""
    known = [link for link in links if link.seconds is not None and link.seconds > 0]
    return max(known, key=lambda link: (link.seconds or 0.0, link.name), default=None)


def _part(link: Link | None, whole: float) -> str:
    if link is None or link.seconds is None or whole <= 0:
        return ""
    share = min(1.0, link.seconds / whole)
    return f" The longest part was “{link.name}”: {format_duration(link.seconds)} ({percent.share(share)})."


def _alerts(seen: Evidence) -> Iterator[Finding]:
    expected = [line for line in seen.coverage if line.state in ("in time", "late", "missing")]
    if expected and all(line.state == "in time" for line in expected):
        names = ", ".join(line.alert for line in expected)
        yield Finding(
            tone="well",
            title="Every expected alert fired in time",
            detail=names + ".",
            evidence=tuple(sorted({n for line in expected for n in line.evidence})),
        )
    for line in seen.coverage:
        if line.state not in ("in time", "not due"):
            yield _alert(line, seen)


def _alert(line: Coverage, seen: Evidence) -> Finding:
    limit = f" within {format_duration(line.within)}" if line.within is not None else ""
    after = f" {format_duration(line.after)} after the start of impact" if line.after is not None else ""
    tone, title, detail, work = {
        "missing": (
            "missing",
            f"The alert {line.alert} never fired",
            f"It was expected{limit}.",
            f"Add or repair the alert {line.alert}, and test it with the same experiment",
        ),
        "late": (
            "slow",
            f"The alert {line.alert} fired late",
            f"It fired{after}; it was expected{limit}.",
            f"Shorten the evaluation window or the delivery of {line.alert}",
        ),
        "unexpected": (
            "noise",
            f"The alert {line.alert} fired, and the scenario does not expect it",
            f"It fired{after}.",
            f"Decide: add {line.alert} to the scenario's expectations, or quieten it",
        ),
    }.get(
        line.state,
        (
            "noise",
            f"The alert {line.alert} was firing before the fault",
            "An alert that already fires detects nothing.",
            f"Clear {line.alert} before the next drill, or mend its rule",
        ),
    )
    return Finding(
        tone=tone,
        title=title,
        detail=detail,
        evidence=line.evidence,
        work=work,
        owner=seen.role("responder"),
        priority="high" if tone == "missing" else "medium" if tone == "slow" else "low",
    )


def _triage(seen: Evidence) -> Iterator[Finding]:
    wanted = seen.history.plan.scenario.severity
    began = conditions.began(seen.history)
    if began is None or not wanted:
        return
    declared = conditions.earliest(
        conditions.signs(seen.history, "declared", MilestoneName.TRIAGED, began.at)
    )
    if declared is None:
        return
    said, evidence = Severity(declared.fact.severity), seen.numbers([declared.event.id])
    right = " or ".join(f"{s} ({s.word})" for s in wanted)
    if said in wanted:
        yield Finding(
            tone="well",
            title=f"Declared {said} ({said.word})",
            detail="As the scenario expects.",
            evidence=evidence,
        )
    else:
        yield Finding(
            tone="gap",
            title=f"Declared {said} ({said.word}) where {right} was right",
            detail="The severity decides who is called and how fast.",
            evidence=evidence,
            work=f"Make the playbook say how to tell {right} from {said}",
            owner=seen.role("incident commander"),
            priority="medium",
        )


def _steps(seen: Evidence) -> Iterator[Finding]:
    for step, evidence, answer in seen.steps.skipped:
        yield Finding(
            tone="step",
            title=f"The step “{short(step)}” was skipped",
            detail=f"Said at the review: {answer}",
            evidence=seen.numbers([evidence]),
            work=f"Decide whether the step “{short(step)}” is needed; change or remove it",
            owner=seen.role("incident commander"),
            priority="medium",
        )
    for slow in seen.steps.slow:
        yield Finding(
            tone="slow",
            title=f"The step “{short(slow.step)}” took {format_duration(slow.seconds)}",
            detail=f"More than half of the {format_duration(slow.allowed)} in which to {slow.objective}.",
            evidence=seen.numbers([slow.evidence]),
            work=f"Write the exact command or query into the step “{short(slow.step)}”",
            owner=seen.role("incident commander"),
            priority="medium",
        )
    for action in seen.steps.lacking:
        yield Finding(
            tone="step",
            title=f"The playbook does not tell of “{action.action}”",
            detail="It was done in this drill, and no step says so.",
            evidence=seen.numbers(action.evidence),
            work=f"Review the proposed playbook step for “{action.action}”",
            owner=seen.role("incident commander"),
            priority="medium",
        )
    for hint in seen.history.each(ev.HintTaken):
        yield Finding(
            tone="slow",
            title="A hint was needed",
            detail=_hint(seen.history, hint.fact.index),
            evidence=seen.numbers([hint.event.id]),
            work="Put what the hint told into the playbook",
            owner=seen.role("incident commander"),
            priority="medium",
        )


def _hint(history: History, index: int) -> str:
    injects = history.plan.scenario.injects
    return f"The hint was: {injects[index].hint}" if 0 <= index < len(injects) else "The hint was taken."


def _to_tell(seen: Evidence) -> str:
    """Say what lets the next drill tell who recovered the service."""
    if seen.result.milestones.at(MilestoneName.RECOVERED) is None:
        return "Give the response more time, so that users are well for long enough before our own rollback"
    return "Give the environment a trail of actions, so that the next drill can tell"


def _attribution(seen: Evidence) -> Iterator[Finding]:
    attribution = seen.result.attribution
    evidence = seen.numbers(attribution.evidence)
    facilitator = seen.role("facilitator")
    match attribution.outcome, attribution.recovered_by:
        case (Outcome.NO_EFFECT, _):
            yield Finding(
                tone="gap",
                title="The fault changed nothing",
                detail=attribution.why,
                evidence=evidence,
                work="Check what the experiment's actions match before the next drill",
                owner=facilitator,
                priority="high",
            )
        case (Outcome.ABSORBED, _):
            yield Finding(
                tone="well", title="The service absorbed the fault", detail=attribution.why, evidence=evidence
            )
        case (_, RecoveredBy.TEAM | RecoveredBy.AUTOMATION as by):
            yield Finding(
                tone="well", title=f"Recovered by the {by}", detail=attribution.why, evidence=evidence
            )
        case (_, RecoveredBy.ROLLBACK):
            yield Finding(
                tone="slow",
                title="Our own rollback ended the impact",
                detail=attribution.why,
                evidence=evidence,
                work="Find what kept the response from a recovery of its own",
                owner=seen.role("incident commander"),
                priority="high",
            )
        case (_, RecoveredBy.UNCLEAR):
            yield Finding(
                tone="gap",
                title="Who recovered the service is unclear",
                detail=attribution.why,
                evidence=evidence,
                work=_to_tell(seen),
                owner=facilitator,
                priority="medium",
            )
        case _:
            return


def _instruments(seen: Evidence) -> Iterator[Finding]:
    rejected = tuple(seen.history.each(ev.SignalRejected))
    if rejected:
        yield Finding(
            tone="gap",
            title=f"{len(rejected)} signals could not be read",
            detail="; ".join(sorted({f"{r.fact.system}: {r.fact.reason}" for r in rejected})),
            evidence=seen.numbers(r.event.id for r in rejected),
            work="Make the alert source send what gameday reads",
            owner=seen.role("facilitator"),
            priority="medium",
        )
    for lost in seen.history.each(ev.LoadLost):
        yield Finding(
            tone="gap",
            title="The load was lost",
            detail=lost.fact.reason,
            evidence=seen.numbers([lost.event.id]),
            work="Find why the load generator ended before the drill did",
            owner=seen.role("facilitator"),
            priority="high",
        )
    for failed in seen.history.each(ev.ResponderFailed):
        yield Finding(
            tone="gap",
            title=f"Step {failed.fact.step} of the responder script could not be done",
            detail=failed.fact.reason,
            evidence=seen.numbers([failed.event.id]),
            work="Mend the responder script",
            owner=seen.role("facilitator"),
            priority="low",
        )


def _other_points(seen: Evidence) -> Iterator[Finding]:
    unknown = [c for c in seen.result.score.criteria if c.share is None and c.weight > 0]
    if unknown and seen.result.attribution.outcome is not Outcome.ABSORBED:
        yield Finding(
            tone="gap",
            title=f"{len(unknown)} of {len(seen.result.score.criteria)} criteria could not be judged",
            detail="; ".join(f"{c.criterion}: {c.why or 'undefined'}" for c in unknown) + ".",
        )
    measures = {c.criterion: c.measure for c in seen.history.plan.scorecard.criteria}
    for criterion in seen.result.score.criteria:
        if criterion.verdict is Verdict.MISSED and measures.get(criterion.criterion, "") not in _COVERED:
            yield _missed(criterion, measures[criterion.criterion], seen)


_TELL = "Give the step that tells stakeholders and customers an owner and a time"
_REVIEW = "Hold the review, and record what it comes to: gameday review"
_WORK = {
    "updates_sent": _TELL,
    "first_update": _TELL,
    "actions_recorded": _REVIEW,
    "fix_recorded": _REVIEW,
    "notes_kept": "Name a scribe, who keeps notes in the timeline: gameday note",
    "commander_assigned": "Make naming an incident commander a part of declaring",
}
"""What follows from a criterion that was missed, by its measure."""


def _missed(criterion: Scored, measure: str, seen: Evidence) -> Finding:
    return Finding(
        tone="gap",
        title=f"Not met: {criterion.criterion}",
        detail=". ".join(part.rstrip(".") for part in (criterion.rule, criterion.figure) if part) + ".",
        evidence=seen.numbers(criterion.evidence),
        work=_WORK.get(measure, f"Say in the playbook how “{criterion.criterion}” is met"),
        owner=seen.role("incident commander"),
        priority="low",
    )
