from __future__ import annotations

from dataclasses import replace

import pytest
from junitparser import JUnitXml

from gameday.core.facts import drill as ev
from gameday.core.judging.attribution import Attribution
from gameday.core.values import Mode, Outcome, RecoveredBy, Verdict
from gameday.render import junit
from tests.render import a_drill, junit_schema


def cases(facts=None, **changes) -> dict[str, list[str]]:
    xml = JUnitXml.fromstring(junit.encode(a_drill.of(facts), a_drill.result(**changes)).encode())
    return {case.name: [type(r).__name__ for r in case.result] for suite in xml for case in suite}


def ended(outcome: Outcome) -> Attribution:
    return Attribution(recovered_by=RecoveredBy.NONE, outcome=outcome, changed=None, why="x")


def test_a_drill_is_a_case_for_its_scenario_one_for_each_objective_and_each_criterion():
    assert cases() == {
        "scenario api-latency-spike": [],
        "objective detect": [],
        "objective contain": ["Failure"],
        "objective recover": [],
        "criterion time-to-detect": [],
        "criterion time-to-contain": [],
        "criterion severity-right": [],
        "criterion root-cause-found": ["Skipped"],
    }


@pytest.mark.parametrize("outcome", [one for one in Outcome if not one.judged])
def test_what_was_not_judged_is_never_a_pass(outcome):
    assert cases(attribution=ended(outcome))["scenario api-latency-spike"] == ["Error"]


def test_a_fault_that_may_be_in_force_is_an_error():
    assert cases(reverted=False)["scenario api-latency-spike"] == ["Error"]


def test_times_that_do_not_apply_are_skipped():
    whole = a_drill.milestones()
    blank = tuple(replace(each, seconds=None, applies=False) for each in whole.intervals)
    found = cases(attribution=ended(Outcome.ABSORBED), milestones=replace(whole, intervals=blank))
    assert found["objective detect"] == found["objective recover"] == ["Skipped"]


def test_a_time_that_was_cut_off_before_its_objective_is_neither_passed_nor_failed():
    whole = a_drill.milestones()
    cut = replace(whole.intervals[0], seconds=None, censored=True, at_least=20.0)
    for verdict, state in ((Verdict.UNKNOWN, "Error"), (Verdict.MISSED, "Failure")):
        found = cases(milestones=replace(whole, intervals=(replace(cut, verdict=verdict),)))
        assert found["objective detect"] == [state]


def test_what_earns_no_credit_is_neither_passed_nor_failed():
    row = replace(a_drill.score().criteria[0], share=0.0, verdict=Verdict.NO_CREDIT, why="it healed itself")
    assert cases(score=replace(a_drill.score(), criteria=(row,)))["criterion time-to-detect"] == ["Skipped"]


def test_an_unknown_time_is_an_error_and_a_score_below_the_bar_a_failure():
    whole = a_drill.milestones()
    unknown = replace(whole.intervals[0], seconds=None, verdict=Verdict.UNKNOWN)
    found = cases(
        milestones=replace(whole, intervals=(unknown,)), score=replace(a_drill.score(), passed=False)
    )
    assert (found["objective detect"], found["scenario api-latency-spike"]) == (["Error"], ["Failure"])


def test_training_is_skipped():
    facts = [(0.0, "conductor", a_drill.planned(mode=Mode.TRAIN)), *a_drill.facts()[1:]]
    assert cases(facts)["scenario api-latency-spike"] == ["Skipped"]


def test_counts_are_those_of_the_cases():
    suite = next(iter(JUnitXml.fromstring(junit.encode(a_drill.of(), a_drill.result()).encode())))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (8, 1, 0, 1)


def test_characters_that_xml_cannot_hold_are_replaced():
    hostile = Attribution(
        recovered_by=RecoveredBy.NONE, outcome=Outcome.ABORTED, changed=None, why="\x00<b>\x1b]]>"
    )
    facts = [*a_drill.facts(), (1.0, "cli", ev.NoteWritten(text="\x00"))]
    assert cases(facts, attribution=hostile)["scenario api-latency-spike"] == ["Error"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"reverted": False},
        {"attribution": ended(Outcome.ABSORBED)},
        {"attribution": ended(Outcome.ABORTED)},
    ],
)
def test_it_keeps_to_the_schema_of_ci_systems(changes):
    assert junit_schema.complaints(junit.encode(a_drill.of(), a_drill.result(**changes))) == []
