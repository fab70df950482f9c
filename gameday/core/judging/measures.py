"""How each measure that a scorecard can name is read from a drill: one decorated function each.

`core.plans.scorecard` has the table of the measures, with all else that is known of them before a drill;
`core.judging.score` turns a `Reading` into points.

A reading has three forms. A value. *Left out*: it could have been done and was not, which earns
nothing. *Undefined*: it does not apply, or the instrument failed; `why` names which.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History
from gameday.core.judging import acts, alerts, answers, attribution, conditions, milestones
from gameday.core.judging.alerts import Alerts
from gameday.core.judging.attribution import Attribution
from gameday.core.judging.impact import Impact
from gameday.core.judging.milestones import IMPLIED, OBSERVED, Milestones
from gameday.core.values import (
    EventId,
    Instant,
    MilestoneName,
    Outcome,
    RecoveredBy,
    Seconds,
    Severity,
    Verdict,
    format_duration,
)

NAMED = 10
"""How many of the alerts that are noise are named; a storm would fill pages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The result of a measure. value None: left out, or undefined where `defined` is False.

    withheld: no points, though it was not missed: it is not shown that those who are judged reached it
    """

    value: float | None = None
    figure: str = ""
    why: str = ""
    evidence: tuple[EventId, ...] = ()
    defined: bool = True
    withheld: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Drill:
    """Everything that a measure may look at."""

    history: History
    impact: Impact
    milestones: Milestones
    attribution: Attribution
    alerts: Alerts
    fault: Instant | None
    start: Instant | None

    @property
    def harmless(self) -> bool:
        """Whether nobody had to notice anything: the fault was absorbed."""
        return self.attribution.outcome is Outcome.ABSORBED

    @property
    def unclear(self) -> bool:
        """Whether it is not known if there was anything to respond to."""
        return self.attribution.outcome is Outcome.UNKNOWN and self.impact.started is None

    @property
    def prevention(self) -> Dated[Any] | None:
        """The act by which the team or its automation may have kept users from being affected, if any."""
        return attribution.prevention(self.history, self.fault) if self.harmless else None

    @property
    def false_alarm(self) -> bool:
        """Whether there was no incident to declare: no user was affected, and nobody kept them from it."""
        unaffected = self.impact.judged and self.impact.started is None
        return unaffected and self.prevention is None

    @property
    def self_healed(self) -> bool:
        """Whether users were healthy again by themselves before anybody looked, and before anybody had to."""
        return attribution.self_healed(self.history, self.impact, self.milestones, self.attribution)

    @property
    def over_after(self) -> Seconds | None:
        """How long there was something to respond to: until users were healthy, or the response ended."""
        framed = milestones.frame(self.history, self.impact)
        ends = (framed.over, self.milestones.at(MilestoneName.RECOVERED))
        ended = min((at for at in ends if at is not None), default=None)
        return None if ended is None or self.start is None else max(0.0, ended - self.start)

    @property
    def alone(self) -> bool:
        """Whether nobody responds, so that a recovery by itself is what is measured."""
        return conditions.nobody_responds(self.history)


Reader = Callable[[Drill], Reading]

READERS: dict[str, Reader] = {}
"""What reads each measure of `core.plans.scorecard`, by its name."""


def _measure(read: Reader) -> Reader:
    """Register a reader under its own name."""
    READERS[read.__name__.removeprefix("_")] = read
    return read


def _undefined(why: str) -> Reading:
    return Reading(why=why, defined=False)


def _left_out(why: str) -> Reading:
    return Reading(figure="not done", why=why)


def _absent(drill: Drill, why: str) -> Reading:
    """Read what was not done: left out, unless nobody had to do it, or it is not known whether they had."""
    excused = _excused(drill)
    return _undefined(excused) if excused else _left_out(why)


def _excused(drill: Drill) -> str:
    """Say why nobody had anything to respond to, or is not known to have had; empty: they had."""
    if drill.harmless:
        return _NO_HARM
    if drill.attribution.outcome is Outcome.NO_EFFECT:
        return _NO_EFFECT
    return _UNCLEAR if drill.unclear else ""


def _withheld(drill: Drill, name: str, why: str) -> Reading:
    """Give no points for an interval that was reached, and still report how long it took."""
    seconds = drill.milestones.interval(name).seconds
    figure = "" if seconds is None else format_duration(seconds)
    return Reading(figure=figure, why=f"no credit: {why}", withheld=True)


def _check(passed: bool, figure: str, evidence: tuple[EventId, ...] = ()) -> Reading:
    return Reading(value=float(passed), figure=figure, evidence=evidence)


def _ids(facts: list[Dated[Any]]) -> tuple[EventId, ...]:
    return tuple(fact.event.id for fact in facts)


_NO_HARM = "does not apply: no user was affected, so nobody had to notice"
_NO_RESPONSE = "does not apply: nobody responds in this drill"
_NO_EFFECT = "does not apply: the fault changed nothing"
_UNCLEAR = "instrument: whether there was anything to respond to is not known"


def _prevented(drill: Drill) -> Reading:
    """Give full marks where the response came before any user was affected: nothing could be faster."""
    act = drill.prevention
    return Reading(value=0.0, figure="no user was affected", evidence=(act.event.id,) if act else ())


def _until(drill: Drill, at: Instant | None, what: str, evidence: tuple[EventId, ...]) -> Reading:
    """Measure the time from the start of the impact to an instant; None: it was left out."""
    if drill.start is None:
        return _undefined("instrument: no injection of a fault was observed")
    if at is None:
        return _absent(drill, f"{what}: not within the drill")
    if drill.prevention is not None:
        return _prevented(drill)
    seconds = max(0.0, at - drill.start)
    return Reading(value=seconds, figure=format_duration(seconds), evidence=evidence)


def _milestone(drill: Drill, name: MilestoneName) -> Reading:
    milestone = drill.milestones.by_name[name]
    return _until(drill, milestone.at, name.replace("_", " "), milestone.evidence)


def _interval(drill: Drill, name: str) -> Reading:
    """Measure an interval. One that our rollback or the time box ended is censored and earns nothing."""
    if drill.prevention is not None:
        return _prevented(drill)
    interval = drill.milestones.interval(name)
    milestone = drill.milestones.by_name[interval.end]
    if interval.seconds is not None and interval.applies:
        figure = format_duration(interval.seconds)
        return Reading(value=interval.seconds, figure=figure, evidence=milestone.evidence)
    if drill.harmless or not interval.applies:
        return _undefined(_why_not(drill))
    if interval.censored and interval.at_least is not None:
        figure = f"at least {format_duration(interval.at_least)}"
        # Cut off before its objective was over, it was not missed either.
        cut_off = interval.verdict is Verdict.UNKNOWN
        return Reading(figure=figure, why="censored: not reached by then", withheld=cut_off)
    if not milestone.known:
        return _undefined("instrument: the signals that would show it were lost or never arrived")
    return (
        _absent(drill, f"{interval.end} was not reached")
        if drill.start
        else _undefined("nothing was injected")
    )


def _why_not(drill: Drill) -> str:
    """Say why there is no time to measure."""
    if drill.alone and not drill.harmless and drill.attribution.outcome is not Outcome.NO_EFFECT:
        return _NO_RESPONSE
    return _excused(drill) or _NO_HARM


# --- detection and triage ------------------------------------------------------------------------


@_measure
def _detect(drill: Drill) -> Reading:
    """Time from the start of impact to detection, by the scenario's rule.

    Whoever ended the impact had noticed it by then: their first act counts where the rule was met later.
    """
    detected = drill.milestones.at(MilestoneName.DETECTED)
    acted = _credited_act(drill)
    if acted is None or (detected is not None and detected <= acted.at):
        return _interval(drill, "detect")
    by = attribution.acted_by(drill.history, acted)
    reading = _until(drill, acted.at, "an act", (acted.event.id,))
    return replace(reading, figure=f"{reading.figure}, by an act of the {by}")


def _credited_act(drill: Drill) -> Dated[Any] | None:
    """Give the first act of those who are credited with the recovery."""
    recovered = drill.milestones.at(MilestoneName.RECOVERED)
    if drill.fault is None or recovered is None or not drill.attribution.earned or drill.alone:
        return None
    return milestones.first_action(drill.history, drill.fault, recovered)


@_measure
def _alert_delivery(drill: Drill) -> Reading:
    """Time from the start of impact until the first new alert was received."""
    fired = alerts.relevant(drill.history, drill.fault) if drill.fault is not None else ()
    # By receipt, not by the instant that counts: delivery is what is measured.
    first = min(fired, key=lambda alert: (alert.event.recorded_at, alert.event.id), default=None)
    at = first.event.recorded_at if first else None
    return _until(drill, at, "an alert delivered", (first.event.id,) if first else ())


@_measure
def _acknowledge(drill: Drill) -> Reading:
    """Time from the start of impact to the first acknowledgement."""
    return _milestone(drill, MilestoneName.ACKNOWLEDGED)


@_measure
def _declare(drill: Drill) -> Reading:
    """Time from the start of impact until an incident was declared with its severity."""
    return _milestone(drill, MilestoneName.TRIAGED)


@_measure
def _severity_matches(drill: Drill) -> Reading:
    """Whether the worst severity declared is one that the scenario accepts; half if only another is."""
    declared = _declarations(drill)
    if not declared:
        return _absent(drill, "no severity was declared")
    if drill.unclear or drill.attribution.outcome is Outcome.NO_EFFECT:
        return _undefined(_excused(drill))
    right = set(drill.history.plan.scenario.severity)
    severities: list[Severity] = [declaration.fact.severity for declaration in declared]
    # By the worst, whatever its place: correcting too low a severity, or lowering it later, costs nothing.
    value = 1.0 if min(severities) in right else 0.5 if right & set(severities) else 0.0
    wanted = " or ".join(sorted(right))
    return Reading(value=value, figure=f"{', '.join(severities)}; right: {wanted}", evidence=_ids(declared))


@_measure
def _commander_assigned(drill: Drill) -> Reading:
    """Whether an incident commander was named."""
    assigned = drill.milestones.by_name[MilestoneName.COMMANDER_ASSIGNED]
    if assigned.at is None:
        return _absent(drill, "no commander was named")
    return _check(passed=True, figure="named", evidence=assigned.evidence)


@_measure
def _alerts_expected(drill: Drill) -> Reading:
    """Share of the expected alerts that were in time, or not due before users were healthy again."""
    expected = len(drill.alerts.expected)
    if not expected:
        return _undefined("does not apply: the scenario expects no alert")
    wrong, known = (*drill.alerts.missing, *drill.alerts.late), expected - len(drill.alerts.unknown)
    if not known:
        return _undefined(f"instrument: not known whether in time: {', '.join(drill.alerts.unknown)}")
    if drill.harmless and (wrong or drill.alerts.not_due):
        if drill.prevention is not None:
            return replace(_prevented(drill), value=1.0)
        return _undefined("does not apply: no user was affected, so the alerts had nothing to report")
    # One that had no time to fire counts as in time: otherwise a slower recovery would earn more.
    not_due = f"; not due: {', '.join(drill.alerts.not_due)}" if drill.alerts.not_due else ""
    not_in_time = f"; not in time: {', '.join(wrong)}" if wrong else ""
    unknown = f"; not known: {', '.join(drill.alerts.unknown)}" if drill.alerts.unknown else ""
    in_time = known - len(drill.alerts.not_due) - len(wrong)
    return Reading(
        value=1 - len(wrong) / known,
        figure=f"{in_time} of {expected}{not_in_time}{not_due}{unknown}",
        # Only explained, not left out: a sender that garbles its payload must not raise the points.
        why=_unread(drill) if drill.alerts.missing else "",
        evidence=_fired(drill, expected=True),
    )


def _unread(drill: Drill) -> str:
    rejected = any(not rejected.fact.left_out for rejected in drill.history.each(ev.SignalRejected))
    return "instrument: a signal could not be read; it may be the missing alert" if rejected else ""


@_measure
def _alerts_noise(drill: Drill) -> Reading:
    """Number of distinct alerts of noise that somebody acknowledged, or declared an incident on.

    Noise that nobody acts on costs nothing; the postmortem still reports it.
    """
    if not drill.alerts.expected:
        return _undefined("does not apply: the scenario expects no alert")
    noise = drill.alerts.unexpected
    names = alerts.acted_on(drill.history, drill.fault, noise, false_alarm=drill.false_alarm)
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    figure = f"{len(names)}: {', '.join(names[:NAMED])}{more}" if names else "none"
    ignored = f"; {len(noise) - len(names):,} more that nobody acted on" if len(noise) > len(names) else ""
    evidence = _fired(drill, expected=False)
    return Reading(value=float(len(names)), figure=figure + ignored, evidence=evidence)


def _fired(drill: Drill, *, expected: bool) -> tuple[EventId, ...]:
    """Give the new alerts that the scenario expects, or the first of each name that is noise."""
    if drill.fault is None:
        return ()
    wanted, fired = drill.history.plan.scenario.expect, alerts.fresh(drill.history, drill.fault)
    if expected:
        return tuple(alert.event.id for alert in fired if any(alerts.matches(each, alert) for each in wanted))
    first = {alert.fact.alert: alert.event.id for alert in reversed(fired)}
    return tuple(first[name] for name in drill.alerts.unexpected[:NAMED])


# --- response and containment --------------------------------------------------------------------


@_measure
def _contain(drill: Drill) -> Reading:
    """Time from the start of impact to containment. What healed by itself earns nothing."""
    contained, by = drill.milestones.by_name[MilestoneName.CONTAINED], drill.attribution.recovered_by
    # Implied by a recovery that nobody earned, containment is not earned either.
    unproved = contained.basis == IMPLIED and not drill.attribution.earned
    # What showed only in users' requests is as unclear as the recovery that followed it.
    if by is RecoveredBy.UNCLEAR and drill.milestones.at(MilestoneName.RECOVERED) is not None:
        unproved = unproved or contained.basis == OBSERVED
    if contained.at is not None and (unproved or by is RecoveredBy.ITSELF) and not drill.alone:
        return _withheld(drill, "contain", f"contained, but not demonstrably by people: recovered by {by}")
    return _interval(drill, "contain")


@_measure
def _first_action(drill: Drill) -> Reading:
    """Time from the start of impact to the first act on the target; a ticked step, where none can be seen."""
    recovered = drill.milestones.at(MilestoneName.RECOVERED)
    acted = None if drill.fault is None else milestones.first_action(drill.history, drill.fault, recovered)
    return _until(drill, acted.at if acted else None, "an action", (acted.event.id,) if acted else ())


@_measure
def _playbook_followed(drill: Drill) -> Reading:
    """Share of the playbook's steps that were done, once half of them are known; else ask at the review."""
    playbook = drill.history.plan.playbook
    steps = {step.id for step in playbook.steps} if playbook else set()
    if not steps:
        return _undefined("does not apply: the scenario names no playbook with steps")
    if drill.harmless:
        return _undefined(_NO_HARM)
    ticked: list[Dated[Any]] = [done for done in drill.history.each(ev.StepDone) if done.fact.step in steps]
    stated = acts.stated_steps(drill.history, playbook)
    reviewed = _answers(drill, "step:")
    answered = {given.fact.question.removeprefix("step:"): given.fact.answer for given in reviewed}
    done = (
        {tick.fact.step for tick in ticked}
        | set(stated)
        | {step for step, answer in answered.items() if _is_yes(answer)}
    )
    known = (done | set(answered)) & steps
    if len(known) * 2 < len(steps):
        return _undefined(f"instrument: {len(known)} of {len(steps)} steps are known; ask at the review")
    figure = f"{len(done & steps)} done of {len(known)} known, {len(steps)} in all"
    return Reading(
        value=len(done & steps) / len(known),
        figure=figure,
        evidence=_ids([*ticked, *stated.values(), *reviewed]),
    )


@_measure
def _updates_sent(drill: Drill) -> Reading:
    """Number of updates that were sent to the team, stakeholders or customers."""
    sent: list[Dated[Any]] = list(_since(drill, ev.UpdateSent))
    if not sent and _excused(drill):
        return _undefined(_excused(drill))
    return Reading(value=float(len(sent)), figure=str(len(sent)), evidence=_ids(sent))


@_measure
def _first_update(drill: Drill) -> Reading:
    """Time from the start of impact to the first update."""
    first = next(iter(_since(drill, ev.UpdateSent)), None)
    return _until(drill, first.at if first else None, "an update", (first.event.id,) if first else ())


@_measure
def _least_harm(drill: Drill) -> Reading:
    """Share left of an error budget: a total outage for as long as the objective to recover allows.

    A share of the requests would not do: the sooner the worst is over, the less of what is good is counted.
    """
    impact = drill.impact
    if not impact.judged:
        return _undefined("instrument: the users' SLOs could not be judged")
    outage = max(slo.outage for slo in impact.slos)
    objective = drill.history.plan.scenario.objectives.recover
    good = max(0.0, 1.0 - outage / objective) if objective > 0 else float(outage <= 0)
    harm = f"as bad as {format_duration(outage)} of total outage"
    figure = f"{harm}; {impact.bad} of {impact.requests} requests were bad"
    evidence = drill.milestones.by_name[MilestoneName.IMPACT_STARTED].evidence
    return Reading(value=good, figure=figure, evidence=evidence)


# --- resolution and recovery ---------------------------------------------------------------------


@_measure
def _recover(drill: Drill) -> Reading:
    """Time from the start of impact to recovery. Only the team's or its automation's counts."""
    who = drill.attribution
    if drill.milestones.at(MilestoneName.RECOVERED) is not None and not (who.earned or drill.alone):
        return _withheld(drill, "recover", f"recovered by {who.recovered_by}: {who.why}")
    return _interval(drill, "recover")


def _recovered_by(drill: Drill, *parties: RecoveredBy) -> Reading:
    prevention = drill.prevention
    if prevention is not None and not drill.alone:
        by = attribution.acted_by(drill.history, prevention)
        return _check(by in parties, f"kept from users by the {by}", (prevention.event.id,))
    if drill.harmless:
        return _undefined("does not apply: no user was affected, so there was nothing to recover")
    if not drill.milestones.by_name[MilestoneName.RECOVERED].known:
        return _undefined("instrument: the signals that would show a recovery were lost or never arrived")
    by = drill.attribution.recovered_by
    if drill.alone:
        return _undefined(_NO_RESPONSE)
    return _check(by in parties, f"recovered by {by}", drill.attribution.evidence)


@_measure
def _recovered_by_people(drill: Drill) -> Reading:
    """Whether the team ended the impact."""
    return _recovered_by(drill, RecoveredBy.TEAM)


@_measure
def _recovered_by_automation(drill: Drill) -> Reading:
    """Whether the automation ended the impact."""
    return _recovered_by(drill, RecoveredBy.AUTOMATION)


@_measure
def _recovered_before_rollback(drill: Drill) -> Reading:
    """Whether the team or its automation ended the impact before our own rollback did."""
    return _recovered_by(drill, RecoveredBy.TEAM, RecoveredBy.AUTOMATION)


@_measure
def _verified(drill: Drill) -> Reading:
    """Whether the steady state was met again at the end."""
    verified = drill.milestones.by_name[MilestoneName.VERIFIED]
    if verified.at is not None:
        return _check(passed=True, figure=verified.basis, evidence=verified.evidence)
    if not verified.known:
        return _undefined("instrument: the steady state could not be judged")
    return _left_out("the steady state was not met, or was not checked")


@_measure
def _fix_validated(drill: Drill) -> Reading:
    """Whether the review records how the fix was validated."""
    return _recorded(drill, "fix-validated")


# --- postmortem and improvement ------------------------------------------------------------------


@_measure
def _root_cause_recorded(drill: Drill) -> Reading:
    """Whether the review records the root cause."""
    return _recorded(drill, "root-cause")


@_measure
def _fix_recorded(drill: Drill) -> Reading:
    """Whether the review records the fix."""
    return _recorded(drill, "fix")


@_measure
def _actions_recorded(drill: Drill) -> Reading:
    """Number of action items that the review decided on."""
    given = _answers(drill, "action")
    items = [item for item in given if not answers.lacking("action", item.fact.answer)]
    return Reading(value=float(len(items)), figure=str(len(items)), evidence=_ids(items))


@_measure
def _notes_kept(drill: Drill) -> Reading:
    """Number of notes in the timeline, so that the postmortem need not be written from memory."""
    notes: list[Dated[Any]] = list(_since(drill, ev.NoteWritten))
    return Reading(value=float(len(notes)), figure=str(len(notes)), evidence=_ids(notes))


def _recorded(drill: Drill, question: str) -> Reading:
    given = _answers(drill, question)
    lacking = [answers.lacking(question, each.fact.answer) for each in given]
    telling = [each for each, why in zip(given, lacking, strict=True) if not why]
    if not telling:
        unanswered = f"the question “{question}” was not answered at the review"
        return _left_out(lacking[-1] if lacking else unanswered)
    return _check(passed=True, figure="recorded", evidence=_ids(telling))


def _answers(drill: Drill, question: str) -> list[Dated[Any]]:
    """Give the answers to a question; `action`, and a name that ends in a colon, stand for families."""
    family = question.endswith(":") or question == "action"
    return [
        given
        for given in drill.history.each(ev.ReviewAnswered)
        if given.fact.question == question or (family and given.fact.question.startswith(question))
    ]


def _is_yes(answer: str) -> bool:
    return answer.strip().lower().split(" ")[0].rstrip(".,;:") in ("yes", "y", "done", "true")


def _declarations(drill: Drill) -> list[Dated[Any]]:
    if drill.fault is None:
        return []
    return list(conditions.signs(drill.history, "declared", MilestoneName.TRIAGED, drill.fault))


def _since(drill: Drill, kind: type[Any]) -> list[Dated[Any]]:
    return [fact for fact in drill.history.each(kind) if drill.fault is not None and fact.at >= drill.fault]
