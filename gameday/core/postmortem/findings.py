"""Lessons learned: what went well, what was slow, what was missing, each with its evidence.

No person is named. What merely left no trace is not reported as left undone: that is a question for the
review (`review_questions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.judging import conditions, milestones
from gameday.core.judging.milestones import Interval
from gameday.core.judging.score import Scored
from gameday.core.plans import scorecard
from gameday.core.postmortem import alert_findings, chains, relapses, statements
from gameday.core.postmortem.evidence import Evidence
from gameday.core.postmortem.model import Chain, Coverage, Finding
from gameday.core.postmortem.playbook_steps import short
from gameday.core.values import (
    MilestoneName,
    Outcome,
    RecoveredBy,
    Verdict,
    format_duration,
)

INTERVAL_WORDS = {"detect": "Time to detect", "contain": "Time to contain", "recover": "Time to recover"}


def collect(evidence: Evidence) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Give (what went well, what to improve), each in the order of a response."""
    if evidence.history.refused:
        return (), (_not_begun(evidence),)
    findings = (
        *_safety(evidence),
        *_times(evidence),
        *_alerts(evidence),
        *alert_findings.collect(evidence),
        *statements.severity(evidence),
        *statements.find(evidence),
        *_steps(evidence),
        *_attribution(evidence),
        *relapses.find(evidence),
        *_instruments(evidence),
        *_other_points(evidence),
    )
    return (
        tuple(finding for finding in findings if finding.tone == "well"),
        tuple(finding for finding in findings if finding.tone != "well"),
    )


def _not_begun(evidence: Evidence) -> Finding:
    """Report the one finding of a drill that did not begin: why it did not."""
    return Finding(
        tone="gap",
        title="The drill did not begin",
        detail=f"{evidence.history.refused}.",
        evidence=evidence.numbers(
            check.event.id for check in evidence.history.each(ev.PreflightChecked) if not check.fact.passed
        ),
        work="Make the environment ready for this drill, then run it again",
        owner=evidence.role("facilitator"),
        priority="high",
    )


def _safety(evidence: Evidence) -> Iterator[Finding]:
    for tripped in evidence.history.each(ev.GuardrailTripped):
        yield Finding(
            tone="safety",
            title=f"The guardrail {tripped.fact.guardrail} tripped",
            detail=tripped.fact.detail or "The drill was aborted.",
            evidence=evidence.numbers([tripped.event.id]),
            work="Decide whether the drill was too harsh or the guardrail too tight",
            owner=evidence.role("facilitator"),
            priority="high",
        )
    failed = tuple(evidence.history.each(ev.RevertFailed))
    if failed:
        end = "The fault was reverted later." if evidence.result.reverted else "A person must look."
        yield Finding(
            tone="safety",
            title="A rollback failed",
            detail=f"{len(failed)} of the attempts to revert the fault failed. {end}",
            evidence=evidence.numbers(f.event.id for f in failed),
            work="Fix the experiment's rollbacks, and rehearse them on their own before the next drill",
            owner=evidence.role("facilitator"),
            priority="high",
        )
    elif exposure.not_confirmed(evidence.history):
        yield _not_confirmed(evidence)
    elif exposure.never_undone(evidence.history):
        yield from _never_undone(evidence)
    elif evidence.result.reverted and evidence.history.first(ev.FaultInjected):
        yield Finding(tone="well", title="The fault was reverted", detail="It is no longer in force.")


def _not_confirmed(evidence: Evidence) -> Finding:
    """Report that the rollbacks ran, and that the steady state was not met after them."""
    checks = [check for check in evidence.history.each(ev.SteadyStateChecked) if check.fact.stage == "after"]
    return Finding(
        tone="safety",
        title="The steady state was not met after the revert",
        detail=f"The rollbacks ran, but the fault may still be in force: {checks[-1].fact.detail}",
        evidence=evidence.numbers([checks[-1].event.id]),
        work="Undo what is left by hand, and fix the experiment's rollbacks",
        owner=evidence.role("facilitator"),
        priority="high",
    )


def _never_undone(evidence: Evidence) -> Iterator[Finding]:
    """Report that nothing undid a fault, where harm was still observed at the end."""
    if evidence.result.reverted:
        return
    ended = evidence.history.each(ev.FaultReverted)
    yield Finding(
        tone="safety",
        title="Nothing undid the fault",
        detail="The experiment has no rollbacks, and the service was not healthy at the end: check it.",
        evidence=evidence.numbers(d.event.id for d in ended if d.fact.how == exposure.NOTHING_TO_UNDO),
        work="Add rollbacks, or lengthen the verify phase if the service recovers by itself",
        owner=evidence.role("facilitator"),
        priority="high",
    )


def _times(evidence: Evidence) -> Iterator[Finding]:
    divided = chains.build(evidence.result.milestones)
    for interval, chain in zip(evidence.result.milestones.intervals, divided, strict=True):
        if interval.applies:
            found = _time(interval, chain, evidence)
            # Nobody can be given more time, or rehearse, where nobody responds, or the drill was aborted.
            alone = conditions.nobody_responds(evidence.history) or evidence.unplayed
            idle = interval.seconds is None and alone
            yield replace(found, work="", priority="") if idle else found


def _time(interval: Interval, chain: Chain, evidence: Evidence) -> Finding:
    name = INTERVAL_WORDS.get(interval.name, interval.name)
    allowed = f"the objective is {format_duration(interval.objective)}"
    ends = (interval.start, interval.end)
    numbers = tuple(sorted({evidence.reached[end] for end in ends if end in evidence.reached}))
    if interval.verdict is Verdict.MET and interval.seconds is not None:
        took = f"{name}: {format_duration(interval.seconds)}"
        return Finding(tone="well", title=took, detail=f"Met: {allowed}.", evidence=numbers)
    if interval.name == "detect" and _over_unnoticed(interval, evidence):
        return Finding(
            tone="gap",
            title="Users were healthy again before anybody had noticed",
            detail=f"After {format_duration(interval.at_least or 0.0)}: nobody was late, {allowed}.",
            evidence=numbers,
        )
    if interval.seconds is not None and interval.verdict is Verdict.UNKNOWN:
        return Finding(
            tone="gap",
            title=f"{name}: {format_duration(interval.seconds)}",
            detail=f"Since the fault; it is not known since when users were affected, or whether; {allowed}.",
            evidence=numbers,
        )
    if interval.seconds is None:
        return _never(interval, name, allowed, numbers, _cut(interval, evidence))
    most = chains.longest(chain)
    part = (
        f" The longest part was “{most.name}”: {format_duration(most.seconds or 0.0)} ({most.percent})."
        if most
        else ""
    )
    return Finding(
        tone="slow",
        title=f"{name}: {format_duration(interval.seconds)}",
        detail=f"Slower than it should be: {allowed}.{part}",
        evidence=numbers,
        work=f"Shorten “{most.name}”, the longest part of the {name.lower()}"
        if most
        else f"Shorten the {name.lower()}",
        owner=evidence.role("incident commander"),
        priority="high" if interval.verdict is Verdict.MISSED else "medium",
    )


def _over_unnoticed(interval: Interval, evidence: Evidence) -> bool:
    """Whether users were healthy again before anybody noticed, or had to."""
    early = interval.censored and interval.verdict is Verdict.UNKNOWN
    return early and evidence.result.milestones.at(MilestoneName.RECOVERED) is not None


def _cut(interval: Interval, evidence: Evidence) -> str:
    """Name what ended the time in which it could have been reached."""
    if conditions.nobody_responds(evidence.history):
        return "our own rollback, or the end of the drill"
    framed = milestones.frame(evidence.history, evidence.result.impact)
    ours = framed.rollback is not None and (framed.over is None or framed.rollback < framed.over)
    if interval.name == "detect" and evidence.result.impact.ended is not None:
        return "the end of the response or of the effect on users"
    return "our own rollback" if ours and interval.name != "detect" else "the end of the response"


def _never(interval: Interval, name: str, allowed: str, numbers: tuple[int, ...], cut: str) -> Finding:
    if interval.verdict is Verdict.UNKNOWN and not interval.censored:
        return Finding(
            tone="gap", title=f"{name}: not known", detail="The instruments could not determine it."
        )
    least = (
        f"at least {format_duration(interval.at_least)}" if interval.at_least is not None else "not reached"
    )
    if interval.verdict is Verdict.UNKNOWN:
        return Finding(
            tone="gap",
            title=f"{name}: {least}",
            detail=f"Not reached before {cut}, which came before that; {allowed}.",
            evidence=numbers,
            work=f"Give the response more time to {interval.name} than the objective, then drill again",
            priority="medium",
        )
    return Finding(
        tone="slow",
        title=f"{name}: {least}",
        detail=f"Not reached before {cut}; {allowed}.",
        evidence=numbers,
        work=f"Rehearse the steps that end the {name.removeprefix('Time to ')} phase, then drill again",
        priority="high",
    )


def _alerts(evidence: Evidence) -> Iterator[Finding]:
    expected = [line for line in evidence.coverage if line.state not in ("not due", *_NOISE)]
    if expected and all(line.state == "in time" for line in expected):
        names = ", ".join(line.alert for line in expected)
        yield Finding(
            tone="well",
            title="Every expected alert fired in time",
            detail=names + ".",
            evidence=tuple(sorted({n for line in expected for n in line.evidence})),
        )
    for line in evidence.coverage:
        if line.state not in ("in time", "not due", "not known", *_NOISE):
            yield _alert(line, evidence)
    for state in _NOISE:
        lines = [line for line in evidence.coverage if line.state == state]
        if lines:
            yield _alert(lines[0], evidence) if len(lines) == 1 else _noise(state, lines, evidence)


_NOISE = ("unexpected", "firing before")
"""States of alerts that are one piece of work however many there are."""
_NAMED = 10
"""How many alerts are named; a storm would fill pages."""


def _noise(state: str, lines: Sequence[Coverage], evidence: Evidence) -> Finding:
    named = ", ".join(line.alert for line in lines[:_NAMED])
    more = f", and {len(lines) - _NAMED:,} more" if len(lines) > _NAMED else ""
    title, work = {
        "unexpected": (
            f"{len(lines):,} alerts fired that the scenario does not expect",
            "Add these alerts to the scenario's expectations, or silence them",
        ),
        "firing before": (
            f"{len(lines):,} alerts were firing before the fault",
            "Clear these alerts before the next drill, or fix their rules",
        ),
    }[state]
    return Finding(
        tone="noise",
        title=title,
        detail=f"{named}{more}.",
        evidence=tuple(sorted({number for line in lines for number in line.evidence})),
        work=work,
        owner=evidence.role("responder"),
        priority="low",
    )


def _after(seconds: float | None) -> str:
    return "later" if seconds is None else f"{format_duration(seconds)} after it"


def _alert(line: Coverage, evidence: Evidence) -> Finding:
    limit = f" within {format_duration(line.within)}" if line.within is not None else ""
    start = "the start of impact" if evidence.result.impact.started is not None else "the fault"
    after = f" {format_duration(line.after)} after {start}" if line.after is not None else ""
    tone, title, detail, work = {
        "missing": (
            "missing",
            f"The alert {line.alert} never fired",
            f"It was expected{limit}.",
            f"Add or fix the alert {line.alert}, and test it with the same experiment",
        ),
        "late": (
            "slow",
            f"The alert {line.alert} fired late",
            f"It fired{after}; it was expected{limit}.",
            f"Shorten the evaluation window of {line.alert}, or its delivery",
        ),
        "delivered late": (
            "slow",
            f"The alert {line.alert} fired in time and was delivered late",
            f"It fired{after} and was received {_after(line.delivered)}; it was expected{limit}.",
            f"Shorten the way of {line.alert} to the people: grouping, intervals, and queues in between",
        ),
        "unexpected": (
            "noise",
            f"The alert {line.alert} fired, and the scenario does not expect it",
            f"It fired{after}.",
            f"Add {line.alert} to the scenario's expectations, or silence it",
        ),
    }.get(
        line.state,
        (
            "noise",
            f"The alert {line.alert} was firing before the fault",
            "An alert that is already firing detects nothing.",
            f"Clear {line.alert} before the next drill, or fix its rule",
        ),
    )
    return Finding(
        tone=tone,
        title=title,
        detail=detail,
        evidence=line.evidence,
        work=work,
        owner=evidence.role("responder"),
        priority="high" if tone == "missing" else "medium" if tone == "slow" else "low",
    )


def _steps(evidence: Evidence) -> Iterator[Finding]:
    if conditions.nobody_responds(evidence.history):
        return  # a playbook is for those who respond
    for step, event, answer in evidence.steps.skipped:
        yield Finding(
            tone="step",
            title=f"The step “{short(step)}” was skipped",
            detail=f"Answer at the review: {answer}",
            evidence=evidence.numbers([event]),
            work=f"Decide whether the step “{short(step)}” is needed; change or remove it",
            owner=evidence.role("incident commander"),
            priority="medium",
        )
    for slow in evidence.steps.slow:
        yield Finding(
            tone="slow",
            title=f"The step “{short(slow.step)}” took {format_duration(slow.seconds)}",
            detail=f"More than half of the {format_duration(slow.allowed)} in which to {slow.objective}.",
            evidence=evidence.numbers([slow.evidence]),
            work=f"Write the exact command or query into the step “{short(slow.step)}”",
            owner=evidence.role("incident commander"),
            priority="medium",
        )
    for action in evidence.steps.lacking:
        yield Finding(
            tone="step",
            title=f"The playbook does not mention “{action.action}”",
            detail="It was done in this drill, and no step describes it.",
            evidence=evidence.numbers(action.evidence),
            work=f"Review the proposed playbook step for “{action.action}”",
            owner=evidence.role("incident commander"),
            priority="medium",
        )
    for hint in evidence.history.each(ev.HintTaken):
        yield Finding(
            tone="slow",
            title="A hint was needed",
            detail=_hint(evidence.history, hint.fact.index),
            evidence=evidence.numbers([hint.event.id]),
            work="Add the content of the hint to the playbook",
            owner=evidence.role("incident commander"),
            priority="medium",
        )


def _hint(history: History, index: int) -> str:
    injects = history.plan.scenario.injects
    return f"The hint was: {injects[index].hint}" if 0 <= index < len(injects) else "The hint was taken."


def _how_to_attribute(evidence: Evidence) -> str:
    """Give what lets the next drill show who recovered the service."""
    if evidence.result.milestones.at(MilestoneName.RECOVERED) is None:
        return (
            "Give the response more time, so that users are healthy for long enough before our own rollback"
        )
    return "Give the environment a trail of actions, so that the next drill can show it"


def _why_rollback(evidence: Evidence) -> str:
    # Cut off before its objective was over, recovering was not missed: more time is asked for already.
    if evidence.unplayed or evidence.result.milestones.interval("recover").verdict is Verdict.UNKNOWN:
        return ""
    if conditions.nobody_responds(evidence.history):
        return "Find out what keeps the service from recovering by itself"
    return "Find out what kept the response from recovering the service itself"


def _attribution(evidence: Evidence) -> Iterator[Finding]:
    attribution = evidence.result.attribution
    numbers = evidence.numbers(attribution.evidence)
    facilitator = evidence.role("facilitator")
    match attribution.outcome, attribution.recovered_by:
        case (Outcome.NO_EFFECT, _):
            yield Finding(
                tone="gap",
                title="The fault changed nothing",
                detail=attribution.why,
                evidence=numbers,
                work="Check what the experiment's actions match before the next drill",
                owner=facilitator,
                priority="high",
            )
        case (Outcome.ABSORBED, _):
            yield Finding(
                tone="well", title="The service absorbed the fault", detail=attribution.why, evidence=numbers
            )
        case (_, RecoveredBy.TEAM | RecoveredBy.AUTOMATION as by):
            yield Finding(
                tone="well", title=f"Recovered by the {by}", detail=attribution.why, evidence=numbers
            )
        case (_, RecoveredBy.ROLLBACK):
            yield Finding(
                tone="slow",
                title="Our own rollback ended the impact",
                detail=attribution.why,
                evidence=numbers,
                work=_why_rollback(evidence),
                owner=evidence.role("incident commander"),
                priority="high",
            )
        case (_, RecoveredBy.ITSELF):
            yield Finding(
                tone="gap", title="The service recovered by itself", detail=attribution.why, evidence=numbers
            )
        case (_, RecoveredBy.UNCLEAR) if not conditions.nobody_responds(evidence.history):
            yield Finding(
                tone="gap",
                title="Who recovered the service is unclear",
                detail=attribution.why,
                evidence=numbers,
                work=_how_to_attribute(evidence),
                owner=facilitator,
                priority="medium",
            )
        case _:
            return


def _instruments(evidence: Evidence) -> Iterator[Finding]:
    rejected = tuple(each for each in evidence.history.each(ev.SignalRejected) if not each.fact.left_out)
    if rejected:
        yield Finding(
            tone="gap",
            title=f"{len(rejected)} signals could not be read",
            detail="; ".join(sorted({f"{r.fact.system}: {r.fact.reason}" for r in rejected})),
            evidence=evidence.numbers(r.event.id for r in rejected),
            work="Configure the alert source to send payloads that gameday can read",
            owner=evidence.role("facilitator"),
            priority="medium",
        )
    for lost in evidence.history.each(ev.LoadLost):
        yield Finding(
            tone="gap",
            title="The load was lost",
            detail=lost.fact.reason,
            evidence=evidence.numbers([lost.event.id]),
            work="Find out why the load generator ended before the drill did",
            owner=evidence.role("facilitator"),
            priority="high",
        )
    for failed in evidence.history.each(ev.ResponderFailed):
        yield Finding(
            tone="gap",
            title=f"Step {failed.fact.step} of the responder script could not be done",
            detail=failed.fact.reason,
            evidence=evidence.numbers([failed.event.id]),
            work="Fix the responder script",
            owner=evidence.role("facilitator"),
            priority="low",
        )


def _other_points(evidence: Evidence) -> Iterator[Finding]:
    unknown = [c for c in evidence.result.score.criteria if c.share is None and c.weight > 0]
    if unknown and evidence.result.attribution.outcome is not Outcome.ABSORBED:
        yield Finding(
            tone="gap",
            title=f"{len(unknown)} of {len(evidence.result.score.criteria)} criteria could not be judged",
            detail="; ".join(f"{c.criterion}: {c.why or 'undefined'}" for c in unknown) + ".",
        )
    if evidence.result.attribution.outcome in (Outcome.ABSORBED, Outcome.NO_EFFECT) or evidence.unplayed:
        return  # no blame where nothing happened
    named = {c.criterion: c.measure for c in evidence.history.plan.scorecard.criteria}
    for criterion in evidence.result.score.criteria:
        measure = scorecard.MEASURES.get(named.get(criterion.criterion, ""))
        if criterion.verdict is Verdict.MISSED and not (measure and measure.covered):
            yield _missed(criterion, measure.work if measure else "", evidence)


def _measured(criterion: Scored) -> str:
    """Write what was reached, and how points are given for it."""
    parts = (("Reached", criterion.figure), ("points", criterion.rule))
    return "; ".join(f"{what}: {text.rstrip('.')}" for what, text in parts if text) + "."


def _missed(criterion: Scored, work: str, evidence: Evidence) -> Finding:
    alone = conditions.nobody_responds(evidence.history)
    how = "Find out what keeps the service from meeting" if alone else "Describe in the playbook how to meet"
    return Finding(
        tone="gap",
        title=f"Not met: {criterion.criterion}",
        detail=_measured(criterion),
        evidence=evidence.numbers(criterion.evidence),
        work=work or f"{how} “{criterion.criterion}”",
        owner=evidence.role("incident commander"),
        priority="low",
    )
