"""The prose of a postmortem: summary, root cause, impact, resolution, how the fault was reverted.

Comes in: a history and its result. Goes out: sentences with figures. Does not: blame, guess, or
leave out that a script played the responder.
"""

from __future__ import annotations

import json

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.judging.impact import Impact, SloImpact
from gameday.core.judging.milestones import Interval
from gameday.core.judging.result import Result
from gameday.core.plans.scenario import Slo
from gameday.core.postmortem import percent, sentences
from gameday.core.postmortem.findings import INTERVAL_WORDS
from gameday.core.postmortem.model import RootCause, SloLine
from gameday.core.values import Mode, Outcome, Party, RecoveredBy, Verdict, format_duration, format_instant

_OUTCOMES = {
    Outcome.RECOVERED: "The service recovered",
    Outcome.ABSORBED: "The service absorbed the fault: it changed its target, and users' objectives held",
    Outcome.CONTAINED: "The harm was contained, but the service did not recover within the drill",
    Outcome.DETECTED: "The incident was detected, but not contained within the drill",
    Outcome.UNDETECTED: "Users were hurt and nobody detected it within the drill",
    Outcome.NO_EFFECT: "The fault changed nothing, so this drill shows nothing about the response",
    Outcome.UNKNOWN: "Nobody can tell whether the fault changed anything",
    Outcome.ABORTED: "The drill was aborted",
    Outcome.FAILED: "The drill could not be carried out",
}
_RECOVERED = {
    RecoveredBy.TEAM: "The team recovered the service",
    RecoveredBy.AUTOMATION: "Automation recovered the service",
    RecoveredBy.ITSELF: "The service recovered by itself; no sign that anybody acted",
    RecoveredBy.UNCLEAR: "The service recovered; by whom is unclear",
}


def responder(history: History) -> str:
    """Say who responded; a scripted responder is always named as such."""
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
    """Say why the drill was aborted; empty where it was not."""
    requested = history.first(ev.AbortRequested)
    if requested:
        detail = f": {requested.fact.detail}" if requested.fact.detail else ""
        return f"{requested.fact.reason}{detail}"
    closed = history.last(ev.DrillClosed)
    ended = closed is not None and closed.fact.how == "aborted"
    return "no reason is on record" if ended or result.attribution.outcome is Outcome.ABORTED else ""


def summary(history: History, result: Result) -> tuple[str, ...]:
    """Tell the drill in a few sentences that stand alone."""
    scenario = history.plan.scenario
    what = f"gameday broke {history.plan.environment} on purpose, to see how the response goes"
    if history.first(ev.FaultInjected) is None:
        what = f"A drill on {history.plan.environment} in which nothing was injected"
    told = [f"{what}: {scenario.description or scenario.title}".rstrip(".") + "."]
    outcome = result.attribution.outcome
    recovered = _RECOVERED if outcome is Outcome.RECOVERED else {}
    told.append(f"{recovered.get(result.attribution.recovered_by, _OUTCOMES[outcome])}.")
    told.extend(_obstacles(history) if outcome is Outcome.FAILED else ())
    told.extend(_hurt(result))
    told.extend(_times(result))
    told.append(score(history, result))
    return tuple(told)


def _obstacles(history: History) -> list[str]:
    """Say what stood in the way of a drill that could not be carried out."""
    failed = [d.event for d in history.each(ev.PreflightChecked) if not d.fact.passed]
    errors = [d.event for d in history.each(ev.InternalErrorOccurred)]
    return [sentences.sentence(event) for event in (*failed, *errors)]


def impact_summary(impact: Impact) -> str:
    """Say whether users were hurt, and for how long; unknown where nothing could tell."""
    if impact.started is not None:
        counts = f"{impact.bad:,} of {impact.requests:,} requests were bad"
        return f"Users were hurt for {format_duration(impact.seconds)}: {counts}."
    if impact.judged:
        return "No user was hurt beyond the objectives."
    if not impact.slos:
        return "Whether users were hurt is unknown: the scenario has no SLO."
    why = "; ".join(f"{slo.slo}: {slo.why}" for slo in impact.slos if not slo.judged)
    if any(slo.judged for slo in impact.slos):
        return (
            f"No user was hurt beyond the objectives that could be judged; of others it is unknown ({why})."
        )
    return f"Whether users were hurt is unknown ({why})."


def _hurt(result: Result) -> list[str]:
    impact = result.impact
    if impact.started is None:
        return [impact_summary(impact)]
    share = impact.bad / impact.requests if impact.requests else 0.0
    worst = (
        f"; at worst {percent.share(impact.worst_good)} of {impact.worst_slo} was good"
        if impact.worst_slo
        else ""
    )
    open_end = "" if impact.ended else ", to the end of what was observed"
    counts = f"{impact.bad:,} of {impact.requests:,} requests were bad ({percent.share(share)}){worst}."
    return [f"Users were hurt for {format_duration(impact.seconds)}{open_end}: {counts}"]


def _times(result: Result) -> list[str]:
    told = [_time(interval) for interval in result.milestones.intervals]
    known = [part for part in told if part]
    return ["; ".join(known) + "."] if known else []


def _time(interval: Interval) -> str:
    name = INTERVAL_WORDS.get(interval.name, interval.name)
    word = {Verdict.MET: "met", Verdict.PARTIAL: "partly met", Verdict.MISSED: "missed"}.get(interval.verdict)
    if interval.seconds is not None and word:
        return f"{name} {format_duration(interval.seconds)} of {format_duration(interval.objective)} ({word})"
    if interval.at_least is not None:
        return f"{name} at least {format_duration(interval.at_least)}, not reached"
    return ""


def score(history: History, result: Result) -> str:
    """Say the score with its coverage, or why there is none."""
    card = result.score
    if history.plan.mode is Mode.TRAIN:
        return "Not scored: the drill was for training."
    if card.points is None:
        why = card.why or card.verdict.replace("-", " ")
        return f"No score: {why}; evidence for {percent.share(card.coverage)} of the weights."
    passed = "passed" if card.passed else "below the bar"
    return (
        f"{card.points:.1f} of {card.of:g} points by {card.scorecard} ({passed}), "
        f"with evidence for {percent.share(card.coverage)} of the weights."
    )


def root_cause(history: History) -> RootCause:
    """State what the experiment did, and beside it what the team recorded."""
    return RootCause(injected=tuple(_injected(history)), recorded=tuple(_recorded(history)))


def _injected(history: History) -> list[str]:
    told = []
    if history.plan.scenario.description:
        told.append(history.plan.scenario.description)
    for request in history.each(ev.FaultRequested):
        title = _title(request.fact.experiment)
        named = f" (“{title}”)" if title else ""
        told.append(
            f"The cause is known, because the drill injected it: the experiment {request.fact.path}{named}."
        )
    actions = [
        d
        for d in history.each(ev.ActivityFinished)
        if d.fact.stage == "method" and d.fact.kind == "action" and d.fact.status == "succeeded"
    ]
    for injected in history.each(ev.FaultInjected):
        told.append(f"Its first action, {injected.fact.action}, started at {format_instant(injected.at)}.")
        others = [a.fact.activity for a in actions if a.fact.activity != injected.fact.action]
        if others:
            told.append(f"Further actions: {', '.join(others)}.")
    told.extend(sentences.sentence(failed.event) for failed in history.each(ev.FaultFailed))
    return told or ["Nothing was injected."]


def _title(experiment: str) -> str:
    """Read the title of an experiment in JSON; a YAML one is named by its path alone."""
    try:
        read = json.loads(experiment)
    except ValueError:
        return ""
    return str(read.get("title", "")) if isinstance(read, dict) else ""


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
    return tuple(_slo(found, slos.get(found.slo)) for found in ordered)


def _slo(found: SloImpact, slo: Slo | None) -> SloLine:
    ends = [(s.start.at, s.end.at) for s in found.stretches if s.end is not None]
    return SloLine(
        slo=found.slo,
        request=slo.request if slo else "",
        promise=promise(slo) if slo else "",
        judged=found.judged,
        requests=found.requests,
        bad=found.bad,
        good=found.good,
        worst=found.worst,
        seconds=sum(end - start for start, end in ends),
        p50=found.p50,
        p95=found.p95,
        budget=found.budget,
    )


def promise(slo: Slo) -> str:
    """Say an SLO as people do: `99 % within 300 ms`."""
    share = f"{slo.objective * 100:g} %"
    return (
        f"{share} within {slo.latency * 1000:g} ms" if slo.latency is not None else f"{share} without failure"
    )


def resolution(history: History, result: Result) -> tuple[str, ...]:
    """Tell how the impact ended, by whose action, and what was done."""
    told = []
    if result.attribution.why:
        told.append(result.attribution.why)
    ended = history.last(ev.ResponseEnded)
    if ended:
        told.append(sentences.sentence(ended.event))
    done = actions(history)
    if done:
        told.append(f"Done on the target: {'; '.join(done)}.")
    elif history.first(ev.FaultInjected):
        told.append("No action on the target is on record.")
    return tuple(told)


def actions(history: History) -> tuple[str, ...]:
    """List what was done on the target since the fault, each once, by its fullest wording."""
    injected = history.first(ev.FaultInjected)
    seen = [
        a.fact.action
        for a in history.each(ev.ActionTaken)
        if not a.fact.actor.startswith("fault") and (injected is None or a.at >= injected.at)
    ]
    unique = list(dict.fromkeys(seen))
    return tuple(a for a in unique if not any(a != other and a in other for other in unique))


def reverted(history: History, result: Result) -> tuple[str, ...]:
    """Tell how the fault was reverted, and whether that was verified."""
    if history.first(ev.FaultRequested) is None and history.first(ev.FaultInjected) is None:
        return ("Nothing was injected, so nothing had to be reverted.",)
    told = [sentences.sentence(d.event) for d in history.each(ev.FaultReverted)]
    if not told:
        told.append("No revert is on record.")
    told.extend(sentences.sentence(d.event) for d in history.each(ev.RevertFailed))
    told.append(_verified(history))
    if not result.reverted:
        told.append("The fault may still be in force: a person must look.")
        told.extend(step for d in history.each(ev.RevertFailed) if d.fact.final for step in d.fact.steps)
        told.extend(step for fault in exposure.never_undone(history) for step in fault.steps)
    return tuple(told)


def _verified(history: History) -> str:
    probes = [d.fact for d in history.each(ev.ExposureProbed) if d.fact.stage == "after-revert"]
    steady = [d.fact for d in history.each(ev.SteadyStateChecked) if d.fact.stage == "after"]
    parts = []
    if probes and probes[-1].exposed is not None:
        parts.append(
            f"the still-exposed probe says {'still in force' if probes[-1].exposed else 'not in force'}"
        )
    if steady and steady[-1].met is not None:
        parts.append(f"the steady state was {'met' if steady[-1].met else 'not met'} afterwards")
    if not parts:
        return "Not verified: no probe and no steady-state hypothesis could tell."
    good = (not probes or probes[-1].exposed is not True) and (not steady or steady[-1].met is not False)
    return f"{'Verified' if good else 'Not clean'}: {' and '.join(parts)}."
