"""Findings: each with its evidence, and each that asks for work with the work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core.facts import drill as ev
from gameday.core.judging.attribution import Attribution
from gameday.core.plans.scenario import Criterion
from gameday.core.plans.scorecard import MEASURES
from gameday.core.values import MilestoneName, Outcome, RecoveredBy, Severity, Verdict
from tests.core.postmortem.drafts import drafted, titles
from tests.render import a_drill


def test_each_finding_that_asks_for_work_becomes_an_action_item():
    pm = drafted()
    assert [a.because for a in pm.actions] == [f.title for f in pm.improve if f.work]


def test_a_slow_time_names_its_longest_part_with_its_evidence():
    slow = next(f for f in drafted().improve if f.title.startswith("Time to contain"))
    assert "“declared → first action”: 1 min 48 s (78 %)" in slow.detail
    assert slow.evidence


@pytest.mark.parametrize(
    ("severity", "title"),
    [
        (Severity.P2, "Declared P2 (High)"),
        (Severity.P4, "Declared P4 (Low) where P2 (High) was right"),
    ],
)
def test_the_declared_severity_is_compared_with_the_scenarios(severity, title):
    facts = [f for f in a_drill.facts() if not isinstance(f[2], ev.IncidentDeclared)]
    facts.append((a_drill.DECLARED, "cli", ev.IncidentDeclared(severity=severity)))
    assert title in titles(drafted(facts))


def test_what_was_declared_before_the_fault_went_neither_well_nor_badly():
    facts = [f for f in a_drill.facts() if not isinstance(f[2], ev.IncidentDeclared)]
    facts.append((a_drill.T0 - 2.0, "cli", ev.IncidentDeclared(severity=Severity.P2)))
    assert not [title for title in titles(drafted(facts)) if title.startswith("Declared")]


def test_who_recovered_is_reported_by_a_trail_or_where_our_rollback_came_too_soon_by_time():
    unclear = Attribution(
        recovered_by=RecoveredBy.UNCLEAR, outcome=Outcome.UNDETECTED, changed=None, why="Because."
    )
    whole = a_drill.milestones()
    never = replace(whole.by_name[MilestoneName.RECOVERED], at=None)
    short = replace(whole, by_name={**whole.by_name, MilestoneName.RECOVERED: never})
    for milestones, word in ((whole, "a trail of actions"), (short, "more time")):
        pm = drafted(result=a_drill.result(attribution=unclear, milestones=milestones))
        (found,) = [one for one in pm.improve if one.title == "Who recovered the service is unclear"]
        assert word in found.work


def test_a_censored_time_says_at_least_and_earns_a_finding():
    interval = replace(
        a_drill.milestones().intervals[2], seconds=None, censored=True, at_least=158.4, verdict=Verdict.MISSED
    )
    whole = a_drill.milestones()
    cut = replace(whole, intervals=(*whole.intervals[:2], interval))
    pm = drafted(result=a_drill.result(milestones=cut))
    assert "Time to recover: at least 2 min 38 s" in titles(pm)
    assert "Time to recover at least 2 min 38 s, not reached" in " ".join(pm.summary)


@pytest.mark.parametrize(
    ("outcome", "by", "title"),
    [
        (Outcome.NO_EFFECT, RecoveredBy.NONE, "The fault changed nothing"),
        (Outcome.ABSORBED, RecoveredBy.NONE, "The service absorbed the fault"),
        (Outcome.CONTAINED, RecoveredBy.ROLLBACK, "Our own rollback ended the impact"),
        (Outcome.RECOVERED, RecoveredBy.UNCLEAR, "Who recovered the service is unclear"),
        (Outcome.RECOVERED, RecoveredBy.AUTOMATION, "Recovered by the automation"),
    ],
)
def test_each_ending_has_its_finding(outcome, by, title):
    who = Attribution(recovered_by=by, outcome=outcome, changed=None, why="Because.")
    assert title in titles(drafted(result=a_drill.result(attribution=who)))


def test_a_fault_that_may_be_in_force_is_reported_with_what_a_person_must_do():
    facts = [f for f in a_drill.facts() if not isinstance(f[2], ev.FaultReverted)]
    failed = ev.RevertFailed(
        fault=a_drill.FAULT, attempt=3, error="refused", steps=("Turn new-ranking off by hand.",), final=True
    )
    pm = drafted([*facts, (193.0, "keeper", failed)], a_drill.result(reverted=False))
    assert "The fault may still be in force: a person must look." in pm.reverted
    assert "Turn new-ranking off by hand." in pm.reverted
    assert pm.improve[0].tone == "safety"


def missed(criterion, measure):
    """Give the findings of a drill that missed one criterion, which measures this."""
    rules = replace(
        a_drill.rules(), criteria=(Criterion(criterion=criterion, phase="x", weight=1.0, measure=measure),)
    )
    facts = [(0.0, "conductor", a_drill.planned(scorecard=rules)), *a_drill.facts()[1:]]
    card = a_drill.score()
    scored = replace(card.criteria[0], criterion="quick", share=0.0, verdict=Verdict.MISSED)
    pm = drafted(facts, a_drill.result(score=replace(card, criteria=(scored,))))
    return [finding.work for finding in pm.improve if finding.title == "Not met: quick"]


@pytest.mark.parametrize("measure", [name for name, one in MEASURES.items() if one.covered])
def test_a_criterion_whose_measure_has_findings_of_its_own_gets_no_second_one(measure):
    assert missed("quick", measure) == []


@pytest.mark.parametrize("measure", [name for name, one in MEASURES.items() if not one.covered])
def test_any_other_missed_criterion_gets_a_finding_with_the_work_of_its_measure(measure):
    general = "Describe in the playbook how to meet “quick”"
    assert missed("quick", measure) == [MEASURES[measure].work or general]


def test_a_criterion_of_another_scorecard_gets_a_general_finding():
    assert missed("another", "detect") == ["Describe in the playbook how to meet “quick”"]
