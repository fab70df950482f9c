"""A whole drill of four minutes, by hand: facts, load as a shop's users make it, and its judgement."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import replace

from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.facts.history import History
from gameday.core.facts.load import Chunk, LoadHistory, bin_of
from gameday.core.judging.attribution import Attribution
from gameday.core.judging.impact import Bound, Impact, SloImpact, Stretch
from gameday.core.judging.milestones import Interval, Link, Milestone, Milestones
from gameday.core.judging.result import Alerts, Result
from gameday.core.judging.score import Scorecard, Scored
from gameday.core.plans.scenario import (
    Criterion,
    Expectation,
    Inject,
    Objectives,
    Scenario,
    ScorecardRules,
    Slo,
)
from gameday.core.values import (
    DrillId,
    EventId,
    FaultId,
    Instant,
    MilestoneName,
    Mode,
    Outcome,
    Party,
    Phase,
    RecoveredBy,
    Severity,
    Verdict,
    instant,
    parse_instant,
)
from gameday.formats.scenario import playbook as markdown

DRILL = DrillId("api-latency-spike-20261201-100000")
BEGAN = parse_instant("2026-12-01T10:00:00Z")
T0, AFFECTED, FIRED, ACKED, DECLARED = 32.0, 32.6, 43.2, 51.4, 62.0
CONTAINED, RECOVERED, MARKED, REVERTED, CLOSED = 171.5, 173.1, 190.0, 192.0, 240.0
FAULT = FaultId("fault-1")
NO_LOAD = LoadHistory()

PLAYBOOK = """---
playbook: database-overload
title: Database overload
owner: shop team
---

# Database overload

## Find it

1. Check slow queries: `gameday shop queries` <!-- step: check-slow-queries -->
2. Ask who released last

## Stop it

1. Raise the connection limit <!-- step: raise-connections -->
2. Tell support what customers see <!-- step: tell-support -->
"""


def at(seconds: float) -> Instant:
    return instant(BEGAN + seconds)


def scenario() -> Scenario:
    return Scenario(
        scenario="api-latency-spike",
        title="API latency spike from an overloaded database",
        description="A release turns on a query that nobody indexed.",
        environment="shop",
        severity=(Severity.P2,),
        experiment="experiments/slow-query.json",
        slos=(
            Slo(slo="checkout-latency", request="POST /checkout", latency=0.3, min_requests=5),
            Slo(slo="browse", request="GET /browse", latency=0.5, objective=0.95),
        ),
        expect=(
            Expectation(alert="HighApiLatency", within=60.0),
            Expectation(alert="DatabaseSaturated", within=90.0),
        ),
        objectives=Objectives(detect=60.0, contain=120.0, recover=300.0),
        injects=(Inject(after=60.0, message="Support: customers can't pay."),),
    )


def rules() -> ScorecardRules:
    return ScorecardRules(
        scorecard="team",
        version=1,
        criteria=(
            Criterion(criterion="time-to-detect", phase="detect", weight=15, measure="detect"),
            Criterion(criterion="time-to-contain", phase="contain", weight=25, measure="contain"),
            Criterion(criterion="severity-right", phase="triage", weight=10, measure="severity_matches"),
            Criterion(
                criterion="root-cause-found", phase="recover", weight=10, measure="root_cause_recorded"
            ),
        ),
    )


def planned(**changes: object) -> ev.DrillPlanned:
    whole = ev.DrillPlanned(
        scenario=scenario(),
        scorecard=rules(),
        playbook=markdown.read(PLAYBOOK, "playbooks/database-overload.md"),
        mode=Mode.EVALUATE,
        environment="shop",
        comparable="c0ffee",
        responder="shop-team",
        responder_as=Party.TEAM,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def facts() -> list[tuple[float, str, ev.Fact]]:
    return [
        (0.0, "conductor", planned()),
        (0.1, "conductor", ev.PhaseEntered(phase=Phase.PREFLIGHT)),
        (1.0, "conductor", ev.SteadyStateChecked(stage="before", met=True)),
        (2.0, "conductor", ev.PhaseEntered(phase=Phase.BASELINE)),
        (2.0, "load", ev.LoadStarted(users=40, workers=1)),
        (31.9, "conductor", ev.PhaseEntered(phase=Phase.INJECT)),
        (31.9, "conductor", request()),
        (T0, "chaoslib", ev.FaultInjected(fault=FAULT, action="turn on new-ranking")),
        (32.3, "chaoslib", ev.FaultHeld(fault=FAULT)),
        (32.3, "conductor", ev.PhaseEntered(phase=Phase.RESPOND)),
        (FIRED, "alertmanager", fired("HighApiLatency", "Checkout p95 above 300 ms")),
        (ACKED, "responder", ev.IncidentAcknowledged(alert="HighApiLatency")),
        (DECLARED, "responder", ev.IncidentDeclared(severity=Severity.P2, commander="Rosalind")),
        (92.0, "conductor", ev.InjectSent(index=0, kind="message", text="Support: customers can't pay.")),
        (71.0, "alertmanager", fired("EdgeRetries", "Retries at the edge")),
        (80.0, "responder", ev.NoteWritten(text="Slow queries since the release at 10:00.")),
        (155.0, "responder", ev.StepDone(step="check-slow-queries")),
        (170.4, "trail", ev.ActionTaken(action="flag new-ranking off", via="trail", actor="ops")),
        (170.5, "responder", responded("gameday shop flag new-ranking off")),
        (MARKED, "responder", ev.MilestoneMarked(milestone="recovered")),
        (190.2, "conductor", ev.ResponseEnded(why="recovered")),
        (190.3, "conductor", ev.PhaseEntered(phase=Phase.REVERT)),
        (191.0, "conductor", ev.RevertRequested(fault=FAULT, why="the response ended")),
        (191.5, "keeper", ev.ExposureProbed(fault=FAULT, stage="before-revert", exposed=False)),
        (REVERTED, "keeper", ev.FaultReverted(fault=FAULT, how="already-undone", by="keeper")),
        (193.0, "alertmanager", ev.AlertResolved(key="HighApiLatency-1", alert="HighApiLatency")),
        (194.0, "conductor", ev.PhaseEntered(phase=Phase.VERIFY)),
        (224.0, "keeper", ev.ExposureProbed(fault=FAULT, stage="after-revert", exposed=False)),
        (225.0, "conductor", ev.SteadyStateChecked(stage="after", met=True)),
        (226.0, "cli", ev.ReviewAnswered(question="root-cause", answer="A query without an index.")),
        (227.0, "cli", ev.ReviewAnswered(question="step:ask-who-released-last", answer="skipped, known")),
        (CLOSED, "conductor", ev.DrillClosed(how="completed", reverted=True)),
    ]


def request() -> ev.FaultRequested:
    return ev.FaultRequested(
        fault=FAULT,
        experiment='{"title": "A slow query", "method": []}',
        path="experiments/slow-query.json",
        cwd=".",
    )


def fired(alert: str, summary: str) -> ev.AlertFired:
    return ev.AlertFired(key=f"{alert}-1", alert=alert, severity="page", summary=summary)


def responded(action: str) -> ev.ActionTaken:
    return ev.ActionTaken(action=action, via="responder", actor="shop-team", exit_code=0)


def events(told: list[tuple[float, str, ev.Fact]] | None = None) -> list[ev.Event]:
    return [
        ev.Event(
            id=event_id(seconds, fact),
            drill=DRILL,
            occurred_at=at(seconds),
            recorded_at=at(seconds + (6.5 if isinstance(fact, ev.AlertResolved) else 0.02)),
            source=source,
            by="Rosalind" if source in ("cli", "responder") else "",
            fact=fact,
        )
        for seconds, source, fact in (told if told is not None else facts())
    ]


def event_id(seconds: float, fact: ev.Fact) -> EventId:
    return EventId(f"{type(fact).__name__}@{seconds}")


def id_of(kind: type, seconds: float) -> EventId:
    return EventId(f"{kind.__name__}@{seconds}")


def of(told: list[tuple[float, str, ev.Fact]] | None = None, load: LoadHistory = NO_LOAD) -> History:
    return history.from_events(events(told), load)


def users(seconds: float = CLOSED - 10.0, rate: float = 90.0, seed: int = 7) -> LoadHistory:
    """Make the samples of a shop's users: slow between HURT and RECOVERED, with an easing from CONTAINED."""
    draw = random.Random(seed)
    good: dict[tuple[str, int], Counter[tuple[int, int]]] = defaultdict(Counter)
    bad: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    moment = 2.0
    while moment < seconds:
        moment += draw.expovariate(rate)
        name = draw.choices(("POST /checkout", "GET /browse", "POST /login"), (3, 6, 1))[0]
        start = BEGAN + moment
        chunk = int(start // 10 * 10)
        bucket = int((start - chunk) * 10)
        if name == "POST /checkout" and AFFECTED < moment < RECOVERED and draw.random() < 0.04:
            bad[name, chunk][bucket] += 1
        else:
            good[name, chunk][bucket, bin_of(_latency(name, moment, draw))] += 1
    return LoadHistory(chunks=tuple(_chunks(good, bad)), until=BEGAN + seconds)


def _latency(name: str, moment: float, draw: random.Random) -> float:
    usual = {"POST /checkout": 62.0, "GET /browse": 28.0, "POST /login": 40.0}[name]
    slow = 1.0
    if AFFECTED < moment < RECOVERED and name != "POST /login":
        slow = 7.5 if name == "POST /checkout" else 2.5
        slow = slow if moment < CONTAINED else 4.2
    return usual * slow * draw.lognormvariate(0.0, 0.28)


def _chunks(
    good: dict[tuple[str, int], Counter[tuple[int, int]]], bad: dict[tuple[str, int], Counter[int]]
) -> list[Chunk]:
    made = []
    for name, start in sorted(good.keys() | bad.keys()):
        done, failed = sorted(good[name, start].items()), sorted(bad[name, start].items())
        made.append(
            Chunk(
                type=name.split()[0],
                name=name,
                start=start,
                at=tuple(key[0] for key, _ in done),
                bin=tuple(key[1] for key, _ in done),
                count=tuple(count for _, count in done),
                bad_at=tuple(key for key, _ in failed),
                bad_count=tuple(count for _, count in failed),
            )
        )
    return made


def result(**changes: object) -> Result:
    whole = Result(
        drill=DRILL,
        revision=1,
        impact=impact(),
        milestones=milestones(),
        attribution=Attribution(
            recovered_by=RecoveredBy.TEAM,
            outcome=Outcome.RECOVERED,
            changed=True,
            why="The flag was turned off 2.7 s before users were healthy again.",
            evidence=(id_of(ev.ActionTaken, 170.4),),
        ),
        alerts=Alerts(
            expected=("HighApiLatency", "DatabaseSaturated"),
            missing=("DatabaseSaturated",),
            unexpected=("EdgeRetries",),
        ),
        score=score(),
        reverted=True,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def impact() -> Impact:
    stretch = Stretch(start=bound(AFFECTED), end=bound(RECOVERED))
    checkout = SloImpact(
        slo="checkout-latency",
        judged=True,
        stretches=(stretch,),
        requests=3794,
        bad=3391,
        good=0.106,
        worst=0.05,
        baseline_good=1.0,
        p50=(61.0, 452.0),
        p95=(100.0, 736.0),
        budget=89.4,
    )
    return Impact(
        started=bound(AFFECTED),
        ended=bound(RECOVERED),
        requests=3794,
        bad=3391,
        seconds=RECOVERED - AFFECTED,
        worst_slo="checkout-latency",
        worst_good=0.05,
        slos=(checkout, SloImpact(slo="browse", judged=True, baseline_good=1.0)),
    )


def bound(seconds: float) -> Bound:
    return Bound(at=at(seconds), earliest=at(seconds - 0.1), latest=at(seconds + 0.1))


def milestones() -> Milestones:
    m = MilestoneName
    found = [
        reached(m.FAULT_INJECTED, T0, "observed", id_of(ev.FaultInjected, T0)),
        reached(m.IMPACT_STARTED, AFFECTED, "observed"),
        reached(m.ALERTED, FIRED, "observed", id_of(ev.AlertFired, FIRED)),
        reached(m.ACKNOWLEDGED, ACKED, "declared", id_of(ev.IncidentAcknowledged, ACKED)),
        reached(m.DETECTED, ACKED, "declared", id_of(ev.IncidentAcknowledged, ACKED)),
        reached(m.TRIAGED, DECLARED, "declared", id_of(ev.IncidentDeclared, DECLARED)),
        reached(m.COMMANDER_ASSIGNED, DECLARED, "declared", id_of(ev.IncidentDeclared, DECLARED)),
        reached(m.CONTAINED, CONTAINED, "observed"),
        replace(
            reached(m.RECOVERED, RECOVERED, "observed", id_of(ev.MilestoneMarked, MARKED)),
            declared=at(MARKED),
        ),
        reached(m.VERIFIED, 225.0, "observed", id_of(ev.SteadyStateChecked, 225.0)),
    ]
    return Milestones(
        by_name={one.name: one for one in found},
        intervals=(
            interval("detect", m.DETECTED, ACKED, 60.0, Verdict.MET),
            interval("contain", m.CONTAINED, CONTAINED, 120.0, Verdict.PARTIAL),
            interval("recover", m.RECOVERED, RECOVERED, 300.0, Verdict.MET),
        ),
        chain=(
            Link(chain="detect", name="users affected → alert fired", start=at(AFFECTED), end=at(FIRED)),
            Link(chain="detect", name="alert fired → acknowledged", start=at(FIRED), end=at(ACKED)),
            Link(
                chain="contain",
                name="users affected → acknowledged",
                start=at(AFFECTED),
                end=at(ACKED),
                earlier=True,
            ),
            Link(chain="contain", name="acknowledged → declared", start=at(ACKED), end=at(DECLARED)),
            Link(chain="contain", name="declared → first action", start=at(DECLARED), end=at(170.4)),
            Link(chain="contain", name="first action → contained", start=at(170.4), end=at(CONTAINED)),
            Link(
                chain="recover",
                name="users affected → contained",
                start=at(AFFECTED),
                end=at(CONTAINED),
                earlier=True,
            ),
            Link(chain="recover", name="contained → recovered", start=at(CONTAINED), end=at(RECOVERED)),
        ),
    )


def reached(name: MilestoneName, seconds: float, basis: str, *evidence: EventId) -> Milestone:
    moment = at(seconds)
    return Milestone(
        name=name,
        at=moment,
        observed=moment if basis == "observed" else None,
        declared=moment if basis == "declared" else None,
        basis=basis,
        evidence=evidence,
    )


def interval(name: str, end: MilestoneName, seconds: float, objective: float, verdict: Verdict) -> Interval:
    return Interval(
        name=name,
        start=MilestoneName.IMPACT_STARTED,
        end=end,
        seconds=round(seconds - AFFECTED, 6),
        objective=objective,
        verdict=verdict,
    )


def score() -> Scorecard:
    return Scorecard(
        scorecard="team@1",
        points=71.4,
        of=100,
        passed=True,
        coverage=0.83,
        verdict="passed",
        criteria=(
            scored("time-to-detect", "detect", 15, 1.0, Verdict.MET, "full marks up to 1 min", "18.8 s"),
            scored(
                "time-to-contain", "contain", 25, 0.8, Verdict.PARTIAL, "1 to 3 times 2 min", "2 min 19 s"
            ),
            scored("severity-right", "triage", 10, 1.0, Verdict.MET, "declared P2", "P2"),
            replace(
                scored("root-cause-found", "recover", 10, None, Verdict.UNKNOWN, "asked at the review", ""),
                why="no answer yet",
            ),
        ),
    )


def scored(  # noqa: PLR0917  # one line of a table
    criterion: str, phase: str, weight: float, share: float | None, verdict: Verdict, rule: str, figure: str
) -> Scored:
    return Scored(
        criterion=criterion,
        phase=phase,
        weight=weight,
        share=share,
        verdict=verdict,
        rule=rule,
        figure=figure,
        evidence=(id_of(ev.IncidentAcknowledged, ACKED),) if phase == "detect" else (),
    )
