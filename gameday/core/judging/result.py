"""The whole judgement of a drill: what result.json, postmortem, terminal and page are drawn from.

One pass, each step a pure function of those before it: impact, milestones, attribution, score. The
same history gives the same result. `judge(history.settled())` is revision 1, whatever was recorded later.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday.core import exposure
from gameday.core.exposure import Exposed
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.judging import alerts, attribution, impact, milestones, score, steady_state
from gameday.core.judging.alerts import Alerts
from gameday.core.judging.attribution import Attribution
from gameday.core.judging.impact import Impact
from gameday.core.judging.milestones import Milestones
from gameday.core.judging.score import Scorecard
from gameday.core.judging.steady_state import NOT_JUDGED, SteadyState
from gameday.core.plans.scenario import ScorecardRules
from gameday.core.values import DrillId

__all__ = ["Alerts", "Head", "Result", "in_force", "judge"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What a history was when it was judged: one hash over its first `events` lines and all of its load."""

    hash: str
    events: int
    revision: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """Everything judged of one drill at one revision (1 at DrillClosed; later facts add one each time).

    head: None while the drill is open, or where it was judged without its store.
    """

    drill: DrillId
    revision: int
    impact: Impact
    milestones: Milestones
    attribution: Attribution
    alerts: Alerts
    score: Scorecard
    reverted: bool
    steady_state: SteadyState = NOT_JUDGED
    head: Head | None = None


def in_force(history: History, met: Impact) -> tuple[Exposed, ...]:
    """Give the faults that may still be in force after the drill.

    They are those that must still be undone; those that nothing undid, for lack of rollbacks, if the last
    samples or the steady state after them show harm; and those whose rollbacks ran, if the steady state was
    not met after them.
    """
    checks = [check.fact.met for check in history.each(ev.SteadyStateChecked) if check.fact.stage == "after"]
    harm = (met.started is not None and met.ended is None) or checks[-1:] == [False]
    never_undone = exposure.never_undone(history) if harm else ()
    return exposure.in_doubt(history) + never_undone + exposure.not_confirmed(history)


def judge(history: History, rules: ScorecardRules | None = None) -> Result:
    """Judge a drill, by its own frozen scorecard or by another one.

    Raises LookupError for a history without a plan, ValueError for a scorecard with a measure,
    target or limit that does not exist.
    """
    met = impact.measure(history)
    reached = milestones.derive(history, met)
    who = attribution.attribute(history, met, reached)
    healed = attribution.self_healed(history, met, reached, who)
    reached = milestones.concerning(reached, who.outcome, healed=healed)
    framed = milestones.frame(history, met)
    return Result(
        drill=history.events[0].drill,
        revision=history.revision,
        impact=met,
        milestones=reached,
        attribution=who,
        alerts=alerts.coverage(history, framed.fault, framed.start, met),
        score=score.evaluate(history, rules or history.plan.scorecard, met, reached, who),
        reverted=not in_force(history, met),
        steady_state=steady_state.read(history),
    )
