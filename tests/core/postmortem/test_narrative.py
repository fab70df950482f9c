"""The prose of a postmortem: figures, who responded, how the fault was reverted; nothing that is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core import postmortem
from gameday.core.facts import drill as ev
from gameday.core.judging import result
from gameday.core.judging.attribution import Attribution
from gameday.core.judging.impact import Impact, SloImpact
from gameday.core.values import Mode, Outcome, Party, RecoveredBy
from gameday.testing.histories import FAULT, Game
from tests.core.postmortem.drafts import drafted, with_plan
from tests.render import a_drill


def test_the_summary_stands_alone():
    summary = " ".join(drafted().summary)
    assert "gameday broke shop on purpose" in summary
    assert "Users were affected for 2 min 20 s: 3,391 of 3,794 requests were bad (89 %)" in summary
    assert "Time to detect 18.8 s, objective 1 min 00 s (met)" in summary
    assert "71.4 of 100 points by team@1 (passed), with evidence for 83 % of the weights." in summary


@pytest.mark.parametrize(("kinds", "probed"), [(["probe"], True), (["probe", "action"], False), ([], False)])
def test_a_method_of_probes_alone_broke_nothing(kinds, probed):
    game = Game()
    for kind in kinds:
        game = game.add(ev.ActivityStarted(fault=FAULT, stage="method", activity="look", kind=kind), at=9)
    history = game.fault(at=10).ended(at=90).history()
    draft = postmortem.draft(history, result.judge(history))
    said = " ".join(draft.summary)
    lines = " ".join(entry.text for entry in draft.timeline)
    assert ("gameday probed shop, and injected nothing" in said, "Probed: slow." in lines) == (probed, probed)
    assert ("on purpose" in said, "Fault injected" in lines) == (not probed, not probed)


@pytest.mark.parametrize(
    ("judged", "said"),
    [
        ((True, True), "No user was affected beyond the objectives."),
        (
            (True, False),
            "Some SLOs held; whether users were affected otherwise is unknown (b: no samples).",
        ),
        ((False,), "Whether users were affected is unknown (a: no samples)."),
        ((), "Whether users were affected is unknown: the scenario has no SLO."),
    ],
)
def test_users_of_whom_nothing_is_known_are_not_called_unaffected(judged, said):
    slos = (
        SloImpact(slo=slo, judged=ok, why="" if ok else "no samples")
        for slo, ok in zip("ab", judged, strict=False)
    )
    found = drafted(result=a_drill.result(impact=Impact(slos=tuple(slos))))
    assert said in found.summary
    assert found.harm == said
    assert found.harm_known == (said == "No user was affected beyond the objectives.")


def test_the_injected_cause_stands_next_to_what_the_team_recorded():
    cause = drafted().root_cause
    assert any("experiments/slow-query.json (“A slow query”)" in line for line in cause.injected)
    assert ("root cause", "A query without an index.") in cause.recorded


def test_a_yaml_experiment_is_named_by_its_path():
    request = replace(a_drill.request(), experiment="title: A slow query\n")
    facts = [
        f if not isinstance(f[2], ev.FaultRequested) else (31.9, "conductor", request)
        for f in a_drill.facts()
    ]
    assert any(
        "the experiment experiments/slow-query.json." in line for line in drafted(facts).root_cause.injected
    )


def test_a_team_is_a_team():
    pm = drafted(with_plan(responder="", responder_as=None))
    assert pm.responder == "The team."


def test_an_aborted_drill_is_marked_with_its_reason():
    facts = [*a_drill.facts(), (60.0, "cli", ev.AbortRequested(reason="real-incident", detail="page 12"))]
    assert drafted(facts).aborted == "real-incident: page 12"
    assert drafted().aborted == ""


def test_reverting_tells_whether_it_was_verified():
    assert any(line.startswith("Verified: the still-exposed probe") for line in drafted().reverted)
    blind = [f for f in a_drill.facts() if not isinstance(f[2], ev.ExposureProbed | ev.SteadyStateChecked)]
    assert any(line.startswith("Not verified") for line in drafted(blind).reverted)


def test_training_has_no_score_and_says_so():
    pm = drafted(with_plan(mode=Mode.TRAIN))
    assert "Not scored: the drill was for training." in pm.summary


def test_an_automation_of_the_environment_is_reported_from_a_script():
    scenario = replace(a_drill.scenario(), responders=Party.AUTOMATION)
    pm = drafted(with_plan(scenario=scenario, responder="", responder_as=None))
    assert pm.responder == "The environment's own automation."


def test_a_drill_that_was_not_ready_says_what_stood_in_the_way():
    checked = ev.PreflightChecked(check="target", passed=False, detail="connection refused")
    who = Attribution(recovered_by=RecoveredBy.NONE, outcome=Outcome.FAILED, changed=None, why="")
    facts = [a_drill.facts()[0], (1.0, "conductor", checked)]
    pm = drafted(facts, a_drill.result(attribution=who))
    assert "Preflight check failed: target: connection refused" in pm.summary
