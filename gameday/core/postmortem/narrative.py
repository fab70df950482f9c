"""The prose of a postmortem: summary, root cause, impact, resolution, how the fault was reverted.

Sentences give figures. They neither blame nor guess, and always state when a script played the responder.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.judging import acts, conditions
from gameday.core.judging.impact import Impact, SloImpact
from gameday.core.judging.milestones import Interval
from gameday.core.judging.result import Result
from gameday.core.judging.score import FAILED, PASSED
from gameday.core.plans.scenario import Slo
from gameday.core.postmortem import percent, sentences, timeline
from gameday.core.postmortem.findings import INTERVAL_WORDS
from gameday.core.postmortem.model import RootCause, SloLine
from gameday.core.values import (
    Instant,
    MilestoneName,
    Mode,
    Outcome,
    Party,
    RecoveredBy,
    Verdict,
    format_duration,
    format_instant,
)

_OUTCOMES = {
    Outcome.RECOVERED: "The service recovered",
    Outcome.ABSORBED: "The service absorbed the fault: it changed its target, and users' SLOs held",
    Outcome.CONTAINED: "The harm was contained, but the service did not recover within the drill",
    Outcome.DETECTED: "The incident was detected, but not contained within the drill",
    Outcome.UNDETECTED: "Users were affected, and nobody detected it within the drill",
    Outcome.NO_EFFECT: "The fault changed nothing, so this drill shows nothing",
    Outcome.UNKNOWN: "Whether the fault changed anything is not known",
    Outcome.ABORTED: "The drill was aborted",
    Outcome.FAILED: "The drill could not be carried out",
}
_RECOVERED = {
    RecoveredBy.TEAM: "The team recovered the service",
    RecoveredBy.AUTOMATION: "Automation recovered the service",
    RecoveredBy.ITSELF: "The service recovered by itself; nothing shows that anybody acted",
    RecoveredBy.UNCLEAR: "The service recovered; by whom is unclear",
}
_ALONE = {RecoveredBy.ITSELF: "The service recovered by itself", RecoveredBy.UNCLEAR: "The service recovered"}


def responder(history: History) -> str:
    """State who responded; a scripted responder is always named as such."""
    planned = history.plan
    if planned.responder or planned.responder_as:
        name = planned.responder or "unnamed"
        played = planned.responder_as or Party.TEAM
        return f"Scripted responder {name}, playing the {played}."
    return {
        Party.TEAM: "The team.",
        Party.AUTOMATION: "The environment's own automation.",
        Party.NONE: "Nobody: the system alone was measured.",
    }[planned.scenario.responders]


def aborted(history: History, result: Result) -> str:
    """State why the drill was aborted; empty where it was not."""
    requested = history.first(ev.AbortRequested)
    if requested:
        detail = f": {requested.fact.detail}" if requested.fact.detail else ""
        return f"{requested.fact.reason}{detail}"
    closed = history.last(ev.DrillClosed)
    ended = closed is not None and closed.fact.how == "aborted"
    return "no reason is on record" if ended or result.attribution.outcome is Outcome.ABORTED else ""


def summary(history: History, result: Result) -> tuple[str, ...]:
    """Summarise the drill in a few sentences that stand alone."""
    scenario = history.plan.scenario
    tested = "how it fares by itself" if conditions.nobody_responds(history) else "the response"
    what = f"gameday broke {history.plan.environment} on purpose, to test {tested}"
    if timeline.only_probed(history):
        what = f"gameday probed {history.plan.environment}, and injected nothing, to test {tested}"
    if history.first(ev.FaultInjected) is None:
        what = f"A drill on {history.plan.environment} in which nothing was injected"
    text = [f"{what}: {scenario.description or scenario.title}".rstrip(".") + "."]
    outcome = result.attribution.outcome
    alone = conditions.nobody_responds(history)
    recovered = (_ALONE if alone else _RECOVERED) if outcome is Outcome.RECOVERED else {}
    text.append(f"{recovered.get(result.attribution.recovered_by, _outcome(result, alone=alone))}.")
    text.extend(_obstacles(history) if outcome is Outcome.FAILED else ())
    text.append(impact_summary(result.impact, scenario.slos))
    text.extend(_times(result))
    text.append(score(history, result))
    return tuple(text)


def _outcome(result: Result, *, alone: bool) -> str:
    """State the outcome; what is known is not left out. alone: nobody was to respond, so nobody is blamed."""
    outcome = result.attribution.outcome
    if alone and outcome is Outcome.UNDETECTED:
        return "Users were affected, and the service did not recover by itself within the drill"
    open_ = {name for name, each in result.milestones.by_name.items() if each.at is None and not each.known}
    if outcome is Outcome.CONTAINED and MilestoneName.RECOVERED in open_:
        return "The harm was contained; whether the service recovered is not known"
    if outcome is Outcome.DETECTED and MilestoneName.CONTAINED in open_:
        return "The incident was detected; whether it was contained is not known"
    if outcome is not Outcome.UNKNOWN:
        return _OUTCOMES[outcome]
    return _unknown(result, open_)


def _unknown(result: Result, open_: Container[MilestoneName]) -> str:
    """State what is known where the outcome is not."""
    impact = result.impact
    if impact.started is not None and MilestoneName.DETECTED not in open_:
        return "Users were affected; whether the service recovered is not known"
    if impact.started is not None:
        return "Users were affected; whether anybody detected it is not known"
    if result.attribution.changed and impact.judged:
        return "The fault was in force, and no SLO shows an effect on users, but not every sign agrees"
    if result.attribution.changed:
        return "The fault was in force; whether users were affected is not known"
    return _OUTCOMES[Outcome.UNKNOWN]


def _obstacles(history: History) -> list[str]:
    """State what kept a drill from being carried out."""
    failed = [d.event for d in history.each(ev.PreflightChecked) if not d.fact.passed]
    errors = [d.event for d in history.each(ev.InternalErrorOccurred)]
    return [sentences.sentence(event) for event in (*failed, *errors)]


def impact_summary(impact: Impact, slos: Sequence[Slo] = ()) -> str:
    """State whether users were affected, which and for how long; unknown where nothing could show it."""
    if impact.started is not None:
        return f"{_affected(impact)} Affected: {', '.join(affected(impact, slos))}."
    if impact.judged:
        return "No user was affected beyond the objectives."
    if not impact.slos:
        return "Whether users were affected is unknown: the scenario has no SLO."
    why = "; ".join(f"{slo.slo}: {slo.why}" for slo in impact.slos if not slo.judged)
    if any(slo.judged for slo in impact.slos):
        return f"Some SLOs held; whether users were affected otherwise is unknown ({why})."
    return f"Whether users were affected is unknown ({why})."


def _affected(impact: Impact) -> str:
    share = impact.bad / impact.requests if impact.requests else 0.0
    worst = (
        f"; at worst {percent.share(impact.worst_good)} of requests were good (SLO {impact.worst_slo})"
        if impact.worst_slo
        else ""
    )
    counts = f"{impact.bad:,} of {impact.requests:,} requests were bad ({percent.share(share)}){worst}."
    return f"Users were affected for {format_duration(impact.seconds)}{_until(impact)}: {counts}"


def _until(impact: Impact) -> str:
    """State what the time alone does not show: that it has no end, or that it is not in one piece."""
    if impact.started is None:
        return ""
    if impact.ended is None:
        return ", to the end of what was observed"
    span = impact.ended.at - impact.started.at
    # more than the noise of a sum: the service was healthy in between
    return f" within {format_duration(span)}" if span - impact.seconds >= 0.1 else ""


def affected(impact: Impact, slos: Sequence[Slo]) -> tuple[str, ...]:
    """Name the SLOs whose users were affected, with their requests."""
    requests = {slo.slo: slo.request for slo in slos}
    return tuple(
        f"{judged.slo} ({requests[judged.slo]})" if requests.get(judged.slo, "*") != "*" else judged.slo
        for judged in impact.slos
        if judged.stretches
    )


def _times(result: Result) -> list[str]:
    times = [_time(interval) for interval in result.milestones.intervals]
    known = [part for part in times if part]
    return ["; ".join(known) + "."] if known else []


def _time(interval: Interval) -> str:
    if not interval.applies:
        return ""
    name = INTERVAL_WORDS.get(interval.name, interval.name)
    word = f"objective {format_duration(interval.objective)} ({_VERDICTS[interval.verdict]})"
    if interval.seconds is not None:
        return f"{name} {format_duration(interval.seconds)}, {word}"
    if interval.at_least is not None:
        return f"{name} at least {format_duration(interval.at_least)}, not reached, {word}"
    return ""


_VERDICTS = {
    Verdict.MET: "met",
    Verdict.PARTIAL: "partly met",
    Verdict.MISSED: "missed",
    Verdict.UNKNOWN: "unknown",
}


def score(history: History, result: Result) -> str:
    """State the score with its coverage, or why there is none."""
    card = result.score
    if history.plan.mode is Mode.TRAIN:
        return "Not scored: the drill was for training."
    if card.points is None and card.verdict in (PASSED, FAILED):
        return f"{card.verdict.capitalize()}, without points, since nobody responds: {card.why}."
    if card.points is None:
        why = card.why or card.verdict.replace("-", " ")
        return f"No score: {why}; evidence for {percent.share(card.coverage)} of the weights."
    passed = "passed" if card.passed else "below the pass mark"
    return (
        f"{card.points:.1f} of {card.of:g} points by {card.scorecard} ({passed}), "
        f"with evidence for {percent.share(card.coverage)} of the weights."
    )


def root_cause(history: History) -> RootCause:
    """State what the experiment did, and what the team recorded."""
    return RootCause(injected=tuple(_injected(history)), recorded=tuple(_recorded(history)))


def _injected(history: History) -> list[str]:
    text = []
    if history.plan.scenario.description:
        text.append(history.plan.scenario.description)
    for request in history.each(ev.FaultRequested):
        title = _title(request.fact.experiment)
        named = f" (“{title}”)" if title else ""
        text.append(
            f"The cause is known, because the drill injected it: the experiment {request.fact.path}{named}."
        )
    actions = [
        d
        for d in history.each(ev.ActivityFinished)
        if d.fact.stage == "method" and d.fact.kind == "action" and d.fact.status == "succeeded"
    ]
    for injected in history.each(ev.FaultInjected):
        text.append(f"Its first action, {injected.fact.action}, started at {format_instant(injected.at)}.")
        others = [a.fact.activity for a in actions if a.fact.activity != injected.fact.action]
        if others:
            text.append(f"Further actions: {', '.join(others)}.")
    text.extend(sentences.sentence(failed.event) for failed in history.each(ev.FaultFailed))
    return text or ["Nothing was injected."]


def _title(experiment: str) -> str:
    """Read the title of a JSON experiment; a YAML experiment is named by its path alone."""
    try:
        parsed = json.loads(experiment)
    except ValueError:
        return ""
    return str(parsed.get("title", "")) if isinstance(parsed, dict) else ""


def _recorded(history: History) -> list[tuple[str, str]]:
    answers = [
        (d.fact.question.replace("-", " "), d.fact.answer)
        for d in history.each(ev.ReviewAnswered)
        if not d.fact.question.startswith("step:")
    ]
    return [*answers, *(("note", d.fact.text) for d in history.each(ev.NoteWritten))]


def impact(history: History, result: Result) -> tuple[SloLine, ...]:
    """Give a line for each SLO, the worst first."""
    slos = {slo.slo: slo for slo in history.plan.scenario.slos}
    ordered = sorted(result.impact.slos, key=lambda s: (not s.judged, s.worst, s.slo))
    return tuple(_slo(judged, slos.get(judged.slo)) for judged in ordered)


def _slo(judged: SloImpact, slo: Slo | None) -> SloLine:
    ends = [(s.start.at, s.end.at) for s in judged.stretches if s.end is not None]
    return SloLine(
        slo=judged.slo,
        request=slo.request if slo else "",
        promise=promise(slo) if slo else "",
        judged=judged.judged,
        requests=judged.requests,
        bad=judged.bad,
        good=judged.good if judged.judged else None,
        worst=judged.worst if judged.judged else None,
        seconds=sum(end - start for start, end in ends),
        p50=judged.p50,
        p95=judged.p95,
        budget=judged.budget,
    )


def promise(slo: Slo) -> str:
    """Write an SLO as people do: `99 % within 300 ms`."""
    share = f"{slo.objective * 100:g} %"
    return (
        f"{share} within {slo.latency * 1000:g} ms" if slo.latency is not None else f"{share} without failure"
    )


def resolution(history: History, result: Result) -> tuple[str, ...]:
    """State how the impact ended, by whose action, and what was done."""
    text = []
    if result.attribution.why:
        text.append(result.attribution.why)
    ended = history.last(ev.ResponseEnded)
    if ended:
        text.append(sentences.sentence(ended.event))
    done, looked = actions(history), _ineffective(history)
    if done:
        text.append(f"Actions on the target: {'; '.join(done)}.")
    elif history.first(ev.FaultInjected):
        text.append("No action on the target is on record.")
    if looked:
        text.append(f"Only looked, or failed: {'; '.join(looked)}.")
    return tuple(text)


def actions(history: History) -> tuple[str, ...]:
    """List what was done on the target since the fault, each once, by its fullest wording."""
    return _unique(action.fact.action for action in acts.effective(history, _fault(history)))


def _ineffective(history: History) -> tuple[str, ...]:
    """List what changed nothing on the target since the fault: what only looked, and what failed."""
    fault, done = _fault(history), actions(history)
    taken = [action.fact for action in history.each(ev.ActionTaken) if action.at >= fault]
    return _unique(
        fact.action
        for fact in taken
        if not acts.by_fault(fact) and not any(fact.action in action for action in done)
    )


def _fault(history: History) -> Instant:
    injected = history.first(ev.FaultInjected)
    return injected.at if injected else Instant(0.0)


def _unique(taken: Iterable[str]) -> tuple[str, ...]:
    unique = list(dict.fromkeys(taken))
    return tuple(each for each in unique if not any(each != other and each in other for other in unique))


def reverted(history: History, result: Result) -> tuple[str, ...]:
    """State how the fault was reverted, and whether that was verified."""
    if history.first(ev.FaultRequested) is None and history.first(ev.FaultInjected) is None:
        return ("Nothing was injected, so nothing had to be reverted.",)
    text = [sentences.sentence(d.event) for d in history.each(ev.FaultReverted)]
    if not text:
        text.append("No revert is on record.")
    text.extend(sentences.sentence(d.event) for d in history.each(ev.RevertFailed))
    text.append(_verified(history))
    if not result.reverted:
        text.append("The fault may still be in force: a person must look.")
        text.extend(step for d in history.each(ev.RevertFailed) if d.fact.final for step in d.fact.steps)
        doubtful = exposure.never_undone(history) + exposure.not_confirmed(history)
        text.extend(step for fault in doubtful for step in fault.steps)
    return tuple(text)


def _verified(history: History) -> str:
    probes = [d.fact for d in history.each(ev.ExposureProbed) if d.fact.stage == "after-revert"]
    steady = [d.fact for d in history.each(ev.SteadyStateChecked) if d.fact.stage == "after"]
    parts = []
    if probes and probes[-1].exposed is not None:
        parts.append(
            f"the still-exposed probe reports {'still in force' if probes[-1].exposed else 'not in force'}"
        )
    if steady and steady[-1].met is not None and steady[-1].detail != exposure.ONLY_WITHIN:
        parts.append(f"the steady state was {'met' if steady[-1].met else 'not met'} afterwards")
    if not parts:
        return "Not verified: neither a probe nor the steady-state hypothesis could show it."
    good = (not probes or probes[-1].exposed is not True) and (not steady or steady[-1].met is not False)
    return f"{'Verified' if good else 'Not clean'}: {' and '.join(parts)}."
