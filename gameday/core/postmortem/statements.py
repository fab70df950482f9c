"""What was stated during the response, compared with what users experienced.

Nobody is blamed for a statement that turns out wrong: it is reported with what users experienced then, so
that the next one can be checked first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.facts.history import SKEW, Dated
from gameday.core.judging import alerts, attribution, conditions, impact, series
from gameday.core.judging.impact import Stretch
from gameday.core.postmortem import percent
from gameday.core.postmortem.evidence import Evidence
from gameday.core.postmortem.model import Finding
from gameday.core.values import Instant, MilestoneName, Outcome, Seconds, Severity, format_duration

CLOSE: Seconds = 5.0
"""Seconds by which a statement may come before what it states."""
LATE: Seconds = 300.0
"""Seconds after which an all-clear is late."""
_OVER = re.compile(
    r"\b(all[- ]clear|back to normal|healthy again|resolved|recovered|restored|is over|up again|fixed)\b"
)
_NOT_YET = re.compile(
    r"\b(not|never|isn't|aren't|hasn't|haven't|no|until|when|once|if|will|being|trying|working|expect\w*|soon|before)\b"
)


def find(evidence: Evidence) -> Iterator[Finding]:
    """Report statements that the users' requests do not bear out, and what came before any signal."""
    began = conditions.began(evidence.history)
    if began is None:
        return
    yield from _false(evidence, began.at)
    yield from _late(evidence, began.at)
    yield from _before_any_signal(evidence, began.at)
    yield from _declared_before(evidence, began.at)


# --- all-clears ---


def _false(evidence: Evidence, fault: Instant) -> Iterator[Finding]:
    slos = {slo.slo: slo for slo in evidence.history.plan.scenario.slos if slo.source == "load"}
    affected = [stretch for slo in evidence.result.impact.slos for stretch in slo.stretches]
    below = [stretch for slo in slos.values() for stretch in _below_contained(evidence, slo, fault)]
    for milestone, word, stretches in (
        (MilestoneName.CONTAINED, "Containment", below),
        (MilestoneName.RECOVERED, "Recovery", affected),
    ):
        stated = conditions.signs(evidence.history, "marked", milestone, fault)
        yield from _contradicted(evidence, word, list(stated), stretches)
    updates = [u for u in evidence.history.each(ev.UpdateSent) if u.at >= fault and says_over(u.fact.text)]
    yield from _contradicted(evidence, "The end of the incident", updates, affected)


def says_over(text: str) -> bool:
    """Whether an update says, in English, that the incident is over."""
    sentences = re.split(r"[.!?;\n]", text.casefold().replace("’", "'"))
    return any(_OVER.search(sentence) and not _NOT_YET.search(sentence) for sentence in sentences)


def _below_contained(evidence: Evidence, slo: Any, fault: Instant) -> tuple[Stretch, ...]:
    rule = evidence.history.plan.scenario.milestones.contained
    levels = [each.at_least for each in rule.conditions if each.slo and each.at_least is not None]
    judged = next((each for each in evidence.result.impact.slos if each.slo == slo.slo), None)
    if judged is None or not judged.stretches:
        return ()
    counted = series.count(slo, evidence.history.load)
    level = levels[0] if levels else conditions.CONTAINED
    return impact.stretches_below(slo, counted, fault, level, until=conditions.FOREVER)


def _contradicted(
    evidence: Evidence, word: str, stated: Sequence[Dated[Any]], stretches: Sequence[Stretch]
) -> Iterator[Finding]:
    """Report statements that came while users were still affected, all of one kind together."""
    wrong = [(each, until) for each in stated for until in [_still(evidence, each.at, stretches)] if until]
    if not wrong:
        return
    first, until = wrong[0]
    goal = word[0].lower() + word[1:]
    times = "" if len(wrong) == 1 else f" It was stated {len(wrong)} times while users were affected."
    yield Finding(
        tone="gap",
        title=f"{word} was stated while users were still affected",
        detail=f"{_good(evidence, first.at)}Users were affected for another {until} after it.{times}",
        evidence=evidence.numbers(each.event.id for each, _ in wrong),
        work=f"Add to the playbook which figure of the users' requests to check before stating {goal}",
        owner=evidence.role("incident commander"),
        priority="medium",
    )


def _still(evidence: Evidence, at: Instant, stretches: Iterable[Stretch]) -> str:
    """Give for how long users were still affected after an instant; empty: they were not."""
    ends = [_end(evidence, each) for each in stretches if each.start.at <= at < _end(evidence, each) - CLOSE]
    return format_duration(max(ends) - at) if ends else ""


def _end(evidence: Evidence, stretch: Stretch) -> Instant:
    return stretch.end.at if stretch.end is not None else Instant(evidence.history.load.until)


def _good(evidence: Evidence, at: Instant) -> str:
    """Give the share of good requests, of the worst SLO, in the window after an instant."""
    shares = []
    for slo in evidence.history.plan.scenario.slos:
        if slo.source != "load":
            continue
        counted = series.count(slo, evidence.history.load)
        since, until = counted.index(at), counted.index(at + slo.window)
        total, bad = sum(counted.total[since:until]), sum(counted.bad[since:until])
        if total:
            shares.append((1 - bad / total, slo.slo))
    if not shares:
        return ""
    good, name = min(shares)
    return f"{percent.share(good)} of the requests of {name} were good then. "


def _late(evidence: Evidence, fault: Instant) -> Iterator[Finding]:
    ended = evidence.result.impact.ended
    if ended is None or evidence.result.milestones.at(MilestoneName.RECOVERED) is None:
        return
    marks = conditions.signs(evidence.history, "marked", MilestoneName.RECOVERED, fault)
    stated: list[Dated[Any]] = [*marks]
    stated += [u for u in evidence.history.each(ev.UpdateSent) if says_over(u.fact.text)]
    right = [each for each in stated if each.at >= ended.at - CLOSE]
    first = conditions.earliest(right)
    if first is not None and first.at > ended.at + LATE:
        yield Finding(
            tone="slow",
            title=f"The all-clear came {format_duration(first.at - ended.at)} after users were healthy again",
            detail="Until then those who waited for it could not know.",
            evidence=evidence.numbers([first.event.id]),
            work="Describe in the playbook who gives the all-clear, and by which figure",
            owner=evidence.role("incident commander"),
            priority="low",
        )


# --- before there was anything to see ---


def _before_any_signal(evidence: Evidence, fault: Instant) -> Iterator[Finding]:
    """Report an acknowledgement before any alert, message or effect on users; it is neither good nor bad."""
    history, met = evidence.history, evidence.result.impact
    first = conditions.earliest(conditions.signs(history, "acknowledged", MilestoneName.ACKNOWLEDGED, fault))
    if first is None or not history.first(ev.FaultInjected) or not (met.judged or met.started):
        return
    signals = [fired.event.recorded_at for fired in history.each(ev.AlertFired)]
    signals += [sent.at for sent in history.each(ev.InjectSent)]
    if met.started is not None:
        signals.append(met.started.earliest)
    if all(at > first.at + SKEW for at in signals):
        yield Finding(
            tone="gap",
            title="An acknowledgement came before any signal",
            detail="No alert had fired, and no user was affected yet: a good guess, or another source than "
            "the drill's. It counts; the time to detect says little about the monitoring.",
            evidence=evidence.numbers([first.event.id]),
        )


def _declared_before(evidence: Evidence, fault: Instant) -> Iterator[Finding]:
    early = [each for each in evidence.history.each(ev.IncidentDeclared) if each.at < fault]
    later = any(each.at >= fault for each in evidence.history.each(ev.IncidentDeclared))
    if early and not later:
        yield Finding(
            tone="gap",
            title="The incident was declared before the fault, and not again",
            detail="What was declared then can't have been this fault. It counts as detected by the first "
            "action after the fault, where there was one; otherwise it is not known when it was detected.",
            evidence=evidence.numbers(each.event.id for each in early),
        )


# --- severity ---


def severity(evidence: Evidence) -> Iterator[Finding]:
    """Compare the declared severity with the scenario's: the worst that was declared decides.

    It does not depend on the order, so that declaring earlier never costs anything. Lowering it once users
    are contained is no mistake, nor is correcting it.
    """
    wanted = evidence.history.plan.scenario.severity
    began = conditions.began(evidence.history)
    if began is None or not wanted:
        return
    declared = sorted(
        conditions.signs(evidence.history, "declared", MilestoneName.TRIAGED, began.at),
        key=lambda each: (each.at, each.event.id),
    )
    outcome, met = evidence.result.attribution.outcome, evidence.result.impact
    if declared and met.judged and outcome in (Outcome.ABSORBED, Outcome.NO_EFFECT):
        yield from _nothing_to_declare(evidence, began.at, declared)
    elif declared and outcome is not Outcome.NO_EFFECT and not evidence.unclear:
        yield _compared(evidence, declared, wanted)
        yield from _lowered(evidence, declared, wanted)


def _nothing_to_declare(
    evidence: Evidence, fault: Instant, declared: Sequence[Dated[Any]]
) -> Iterator[Finding]:
    """Report an incident that was declared while no user was affected; no severity is right or wrong then."""
    if attribution.prevention(evidence.history, fault) is not None:
        return
    noise = set(evidence.result.alerts.unexpected)
    fired = [each for each in alerts.fresh(evidence.history, fault) if each.at < declared[-1].at]
    names = list(dict.fromkeys(each.fact.alert for each in fired if each.fact.alert in noise))
    on = f" Before it had fired what the scenario does not expect: {', '.join(names[:3])}." if names else ""
    yield Finding(
        tone="noise",
        title="An incident was declared, and no user was affected",
        detail=f"The SLOs held throughout.{on}",
        evidence=evidence.numbers(each.event.id for each in declared),
        work="Describe in the playbook which figure of the users' requests to check before declaring",
        owner=evidence.role("incident commander"),
        priority="low",
    )


def _compared(evidence: Evidence, declared: Sequence[Dated[Any]], wanted: Sequence[Severity]) -> Finding:
    severities = [Severity(each.fact.severity) for each in declared]
    worst, numbers = min(severities), evidence.numbers(each.event.id for each in declared)
    right = " or ".join(f"{s} ({s.word})" for s in wanted)
    match = next((each for each in (worst, *severities) if each in wanted), None)
    if match is None:
        return Finding(
            tone="gap",
            title=f"Declared {worst} ({worst.word}) where {right} was right",
            detail="The severity decides who is called and how fast.",
            evidence=numbers,
            work=f"Describe in the playbook how {right} differs from {worst}",
            owner=evidence.role("incident commander"),
            priority="medium",
        )
    at = declared[severities.index(match)].at
    corrected = f"First declared {severities[0]}, and corrected {format_duration(at - declared[0].at)} later."
    return Finding(
        tone="well",
        title=f"Declared {match} ({match.word})",
        detail="As the scenario expects." if severities[0] in wanted else corrected,
        evidence=numbers,
    )


def _lowered(
    evidence: Evidence, declared: Sequence[Dated[Any]], wanted: Sequence[Severity]
) -> Iterator[Finding]:
    """Report a severity that was lowered below the right one while users were not contained yet."""
    contained = evidence.result.milestones.by_name[MilestoneName.CONTAINED]
    until = contained.observed if contained.observed is not None else contained.at
    last = declared[-1]
    if len(declared) < 2 or Severity(last.fact.severity) <= max(wanted):  # P1 sorts before P4
        return
    if evidence.result.impact.started is not None and (until is None or last.at < until - CLOSE):
        before = Severity(declared[-2].fact.severity)
        yield Finding(
            tone="gap",
            title=f"The severity was lowered from {before} to {last.fact.severity} while users were affected",
            detail="Lowering it once the effect on users is contained is no mistake; this came before that.",
            evidence=evidence.numbers([last.event.id]),
            work="Describe in the playbook when a severity may be lowered",
            owner=evidence.role("incident commander"),
            priority="low",
        )
