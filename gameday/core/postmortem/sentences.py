"""One short sentence for each fact, for the timeline and for the live screen.

A sentence names no person, and is empty where the fact matters only to machines; people's own words come
separately (`quote`). No sentence knows other facts.
"""

from __future__ import annotations

from typing import assert_never

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts.gameday import GameDayFact
from gameday.core.judging import read_only_commands
from gameday.core.postmortem import gameday_sentences
from gameday.core.values import MilestoneName, format_duration

MILESTONE_WORDS: dict[str, str] = {
    MilestoneName.FAULT_INJECTED: "fault injected",
    MilestoneName.IMPACT_STARTED: "impact started",
    MilestoneName.ALERTED: "alerted",
    MilestoneName.ACKNOWLEDGED: "acknowledged",
    MilestoneName.DETECTED: "detected",
    MilestoneName.TRIAGED: "triaged",
    MilestoneName.COMMANDER_ASSIGNED: "commander assigned",
    MilestoneName.CONTAINED: "contained",
    MilestoneName.RECOVERED: "recovered",
    MilestoneName.VERIFIED: "verified",
}

DrillFact = (
    ev.DrillPlanned
    | ev.PhaseEntered
    | ev.PreflightChecked
    | ev.ProcessStarted
    | ev.ProcessEnded
    | ev.EnvironmentBroughtUp
    | ev.EnvironmentTakenDown
    | ev.SteadyStateChecked
    | ev.AbortRequested
    | ev.EndRequested
    | ev.ClockCompared
    | ev.ResponseExtended
    | ev.ResponseEnded
    | ev.GuardrailTripped
    | ev.RealIncidentSuspected
    | ev.ContinueRequested
    | ev.InternalErrorOccurred
    | ev.DrillClosed
    | ev.HistoryImported
)
FaultFact = (
    ev.FaultRequested
    | ev.ActivityStarted
    | ev.ActivityFinished
    | ev.FaultInjected
    | ev.FaultHeld
    | ev.FaultFailed
    | ev.MethodProcessEnded
    | ev.ExposureProbed
    | ev.RevertRequested
    | ev.RevertClaimed
    | ev.RevertAttempted
    | ev.RevertFailed
    | ev.FaultReverted
)
SignalFact = (
    ev.LoadStarted
    | ev.LoadChanged
    | ev.LoadLost
    | ev.LoadStopped
    | ev.AlertFired
    | ev.AlertAcknowledged
    | ev.AlertResolved
    | ev.SignalRejected
    | ev.ProbeJudged
    | ev.TrailWatched
)
ResponseFact = (
    ev.IncidentAcknowledged
    | ev.IncidentDeclared
    | ev.MilestoneMarked
    | ev.StepDone
    | ev.NoteWritten
    | ev.UpdateSent
    | ev.ActionTaken
    | ev.ResponderFailed
    | ev.InjectAsked
    | ev.InjectSent
    | ev.InjectSkipped
    | ev.MessageNotSent
    | ev.HintTaken
    | ev.ReviewAnswered
)


def sentence(event: ev.Event) -> str:
    """Describe in one sentence what happened; empty where only machines need it."""
    fact = event.fact
    if isinstance(fact, DrillFact):
        return _drill(fact)
    if isinstance(fact, FaultFact):
        return _fault(fact)
    if isinstance(fact, SignalFact):
        return _signal(fact)
    if isinstance(fact, ResponseFact):
        return _response(fact)
    if isinstance(fact, GameDayFact):
        return gameday_sentences.sentence(fact)
    assert_never(fact)


def unknown(event: ev.Event, plan: ev.DrillPlanned) -> str:
    """Mark what was typed under a name that the plan does not know; empty: it does, or names nobody."""
    typed = event.source == "cli" and bool(event.by)
    return "" if not typed or plan.knows(event.by) else " (a name that the plan does not know)"


def side(event: ev.Event) -> str:
    """Give whose line it is: drill, fault, signals or response."""
    fact = event.fact
    if isinstance(fact, DrillFact):
        return "drill"
    if isinstance(fact, FaultFact):
        return "fault"
    if isinstance(fact, SignalFact):
        return "signals"
    if isinstance(fact, ResponseFact):
        ours = ev.InjectAsked | ev.InjectSent | ev.InjectSkipped | ev.MessageNotSent
        return "drill" if isinstance(fact, ours) else "response"
    if isinstance(fact, GameDayFact):
        return "drill"
    assert_never(fact)


def quote(event: ev.Event) -> str:
    """Give people's own words in a fact, verbatim; empty if it has none."""
    match event.fact:
        case ev.NoteWritten(text=text) | ev.UpdateSent(text=text) | ev.InjectSent(text=text):
            return text
        case ev.ReviewAnswered(answer=answer):
            return answer
        case ev.MilestoneMarked(lever=mitigation):
            return mitigation
        case fact if isinstance(fact, GameDayFact):
            return gameday_sentences.quote(fact)
        case _:
            return ""


def milestone(name: str) -> str:
    """Give a milestone's name in words."""
    return MILESTONE_WORDS.get(name, name)


def _tail(detail: str) -> str:
    return f": {detail}" if detail else "."


def _drill(fact: DrillFact) -> str:  # noqa: C901, PLR0911, PLR0912  # a table: one arm for each fact
    match fact:
        case ev.DrillPlanned(scenario=scenario, environment=environment):
            fixed = "later changes to its scenario and scorecard do not count"
            return f"Drill of {scenario.scenario} planned on {environment}; {fixed}."
        case ev.PhaseEntered(phase=phase):
            return f"Phase: {phase}."
        case ev.PreflightChecked(check=check, passed=passed, detail=detail):
            return "" if passed else f"Preflight check failed: {check}{_tail(detail)}"
        case ev.ProcessStarted() | ev.ProcessEnded() | ev.EnvironmentTakenDown() | ev.ClockCompared():
            return ""
        case ev.EnvironmentBroughtUp():
            return "The target was not running; the drill brought it up."
        case ev.SteadyStateChecked(stage=stage, met=met, detail=detail):
            verdict = {True: "was met", False: "was not met", None: "could not be judged"}[met]
            verdict = "was not judged" if detail == exposure.ONLY_WITHIN else verdict
            when = _STEADY_STAGES.get(stage, stage)
            return f"The steady state {verdict} {when}{_tail(detail)}"
        case ev.AbortRequested(reason=reason, detail=detail):
            return f"Abort requested ({reason}){_tail(detail)}"
        case ev.EndRequested():
            return "The facilitator ended the response."
        case ev.ResponseExtended(seconds=seconds):
            return f"The facilitator gave the response {format_duration(seconds)} more."
        case ev.ResponseEnded(why=why):
            return f"The response ended: {_ENDS.get(why, why)}."
        case ev.GuardrailTripped(guardrail=guardrail, detail=detail):
            return f"Guardrail tripped: {guardrail}{_tail(detail)}"
        case ev.RealIncidentSuspected(alert=alert, severity=severity, within=within, more=more):
            asked = f"“gameday continue” or “gameday abort”, within {within:g} s"
            also = f" and {more:,} more alerts are" if more else " is"
            return f"{alert} ({severity}){also} not expected; the facilitator was asked: {asked}."
        case ev.ContinueRequested():
            return "The facilitator decided to continue the drill."
        case ev.InternalErrorOccurred(where=where, error=error):
            return f"gameday's own error in {where}{_tail(error)}"
        case ev.DrillClosed(how=how, reverted=reverted):
            left = "no rollback is left to run" if reverted else "a fault may still be in force"
            return f"Drill closed ({how}); {left}."
        case ev.HistoryImported():
            return "This history was imported from a file; nothing in it is in force here."
        case _:
            assert_never(fact)


_STEADY_STAGES = {
    "before": "before the fault",
    "during": "during the method",
    exposure.AFTER_METHOD: "after the method, before the rollbacks",
    "after": "after the revert",
}
_ENDS = {
    "recovered": "recovery was observed",
    "ended": "the facilitator ended it",
    "time": "the time ran out",
    "aborted": "the drill was aborted",
    # seen live, where requests may have been too few, or not seen at all
    "no-impact": "no effect on users was observed",
    "no-hold": "the scenario does not hold its fault",
    "fault-over": "the fault was over",
}


def _fault(fact: FaultFact) -> str:  # noqa: C901, PLR0911, PLR0912  # a table: one arm for each fact
    match fact:
        case ev.FaultRequested(path=path):
            return f"Fault requested: {path}."
        case ev.ActivityStarted(kind=kind, activity=activity, stage=stage):
            return f"Action of the experiment: {activity}." if (kind, stage) == ("action", "method") else ""
        case ev.ActivityFinished(stage=stage, activity=activity, status=status, error=error):
            return f"Activity failed ({stage}): {activity}{_tail(error)}" if status != "succeeded" else ""
        case ev.FaultInjected(action=action):
            return f"Fault injected: {action}." if action else "The hold began; the method is empty."
        case ev.FaultHeld() | ev.RevertClaimed():
            return ""
        case ev.FaultFailed(error=error, definite=definite):
            doubt = "" if definite else " (it may have taken effect anyway)"
            return f"The fault could not be injected{doubt}{_tail(error)}"
        case ev.MethodProcessEnded(pid=pid, command=command, activity=activity):
            by = f"started by “{activity}”" if activity else "started by the method"
            name = f"name “{activity}”" if activity else "name its action"
            shown = f" “{command}”" if command else ", which had ended by itself"
            return (
                f"Ended before the rollback: pid {pid}{shown}, {by}. If it is meant to live on, "
                f"{name} in the experiment's leaves-running."
            )
        case ev.ExposureProbed(stage=stage, exposed=exposed):
            if (stage, exposed) in _AS_EXPECTED:
                return ""
            word = {True: "still in force", False: "not in force", None: "unknown"}[exposed]
            return f"The target was checked {_CHECKED.get(stage, stage)}: the fault is {word}."
        case ev.RevertRequested(why=why):
            return f"Revert requested: {why}."
        case ev.RevertAttempted(attempt=attempt):
            return "Rollbacks started." if attempt <= 1 else f"Rollbacks started, attempt {attempt}."
        case ev.RevertFailed(attempt=attempt, error=error, final=final):
            end = ", the last one" if final else ""
            return f"Rollback failed at attempt {attempt}{end}{_tail(error)}"
        case ev.FaultReverted(how=exposure.NOTHING_TO_UNDO):
            return "Nothing was undone: the experiment has no rollbacks."
        case ev.FaultReverted(how=exposure.BY_HAND, by=by, text=text):
            return f"Fault undone by hand, as {by or 'somebody'} recorded: “{text}”."
        case ev.FaultReverted(how=how):
            return f"Fault reverted: {REVERTS.get(how, how)}."
        case _:
            assert_never(fact)


_CHECKED = {
    "before-inject": "before the injection",
    "after-inject": "after the injection",
    "before-revert": "before the revert",
    "after-revert": "after the revert",
}
_AS_EXPECTED = {("before-inject", False), ("after-inject", True)}

REVERTS = {
    "rolled-back": "its rollbacks ran",
    "already-undone": "the response had already undone it",
    "never-injected": "it was never injected",
}
"""How a fault was reverted, in words."""


def _doubt(doubt: str) -> str:
    return f" ({doubt})" if doubt else ""


def _signal(fact: SignalFact) -> str:  # noqa: C901, PLR0911  # a table: one arm for each fact
    match fact:
        case ev.LoadStarted(users=users):
            return f"Load started: {users} users."
        case ev.LoadChanged(users=users):
            return f"Load changed to {users} users."
        case ev.LoadLost(reason=reason):
            return f"Load lost{_tail(reason)}"
        case ev.LoadStopped(requests=requests, failures=failures):
            return f"Load stopped after {requests:,} requests, of which {failures:,} failed."
        case ev.AlertFired(alert=alert, severity=severity, summary=summary, doubt=doubt):
            level = f" ({severity})" if severity else ""
            return f"Alert {alert}{level} fired{_doubt(doubt)}{_tail(summary)}"
        case ev.AlertAcknowledged(alert=alert):
            return f"Alert {alert} acknowledged in its own system."
        case ev.AlertResolved(alert=alert, doubt=doubt):
            return f"Alert {alert} resolved{_doubt(doubt)}."
        case ev.SignalRejected(system=system, left_out=left_out) if left_out:
            return f"{system} reports that it left out {left_out:,} alerts of a group."
        case ev.SignalRejected(system=system, reason=reason):
            return f"A signal from {system} could not be read{_tail(reason)}"
        case ev.ProbeJudged() | ev.TrailWatched():
            return ""
        case _:
            assert_never(fact)


def _response(fact: ResponseFact) -> str:  # noqa: C901, PLR0911, PLR0912  # a table: one arm for each fact
    match fact:
        case ev.IncidentAcknowledged(alert=alert):
            return f"Acknowledged: {alert}." if alert else "Acknowledged: somebody is looking into it."
        case ev.IncidentDeclared(severity=severity, commander=commander):
            named = "with" if commander else "without"
            return f"Incident declared {severity} ({severity.word}), {named} an incident commander."
        case ev.MilestoneMarked(granted=True):
            return "The facilitator granted a mitigation that the environment lacks."
        case ev.MilestoneMarked(milestone=name):
            return f"Milestone marked: {milestone(name)}."
        case ev.StepDone(step=step):
            return f"Playbook step done: {step}."
        case ev.NoteWritten():
            return "Note."
        case ev.UpdateSent(audience=audience):
            return f"Update to {audience or 'the team'}."
        case ev.ActionTaken(action=action, exit_code=code):
            failed = f" (exit {code})" if code else ""
            what = "Looked at" if read_only_commands.only_looks(action) else "Action on"
            return f"{what} the target: {action}{failed}."
        case ev.ResponderFailed(step=step, reason=reason):
            return f"Step {step} of the responder script could not be done{_tail(reason)}"
        case ev.InjectAsked(index=index, send=send):
            return f"The facilitator asked to {'send' if send else 'skip'} inject {index}."
        case ev.InjectSent(kind=kind):
            return f"Inject sent: {kind}."
        case ev.InjectSkipped(index=index, why=why):
            return f"Inject {index} skipped{_tail(why)}"
        case ev.MessageNotSent(channel=channel, audience=audience, why=why):
            return f"A message to {audience} was not sent in {channel}{_tail(why)}"
        case ev.HintTaken(index=index):
            return f"Hint of inject {index} taken."
        case ev.ReviewAnswered(question=question):
            about = question.removeprefix("step:")
            return f"Review of step {about}." if about != question else f"Review: {about.replace('-', ' ')}."
        case _:
            assert_never(fact)
