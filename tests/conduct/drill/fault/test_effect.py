"""Whether a held fault changed its targets, and what the drill's outcome is by it."""

from dataclasses import replace

import pytest

from gameday.conduct.drill import report
from gameday.core.facts import drill as ev
from gameday.core.values import Outcome
from gameday.ports import ActionTarget
from tests.conduct.drill.test_fault_targets import PODS, QUIET, staged


def become(stage, *fault_targets):
    stage.context.fault_targets.targets.targets = fault_targets


def exposed(history):
    return [(probed.fact.stage, probed.fact.exposed) for probed in history.each(ev.ExposureProbed)]


def outcome(stage):
    return report.judge(stage.store, stage.context.drill).result.attribution.outcome


def test_a_fault_that_changed_no_target_and_hurt_nobody_had_no_effect():
    stage = staged(PODS)
    history = stage.play()
    assert exposed(history) == [("after-inject", False)]
    judged = report.judge(stage.store, stage.context.drill)
    assert judged.result.attribution.outcome is Outcome.NO_EFFECT
    assert judged.result.score.verdict == "insufficient-evidence"
    assert not judged.result.score.points
    assert report.exit_code(judged) == 5


def test_a_fault_that_changed_a_target_and_hurt_nobody_was_absorbed():
    stage = staged(PODS).at(9, lambda s: become(s, replace(PODS, seen={"u1": "a", "u3": "b"})))
    assert exposed(stage.play()) == [("after-inject", True)]
    assert outcome(stage) is Outcome.ABSORBED


@pytest.mark.parametrize(
    "fault_targets",
    [(replace(PODS, conclusive=False),), (PODS, ActionTarget(action="call", what="http")), ()],
    ids=["exec", "mixed", "none"],
)
def test_where_it_can_not_be_told_nothing_is_said(fault_targets):
    stage = staged(*fault_targets)
    assert exposed(stage.play()) == []
    assert outcome(stage) is Outcome.UNKNOWN
    assert report.exit_code(report.judge(stage.store, stage.context.drill)) == 5


def test_targets_that_stop_answering_end_no_drill():
    stage = staged(PODS).at(4, lambda s: setattr(s.context.fault_targets.targets, "why", "unreachable"))
    history = stage.play()
    assert exposed(history) == []
    assert history.last(ev.DrillClosed).fact.how == "completed"


def test_once_the_revert_has_begun_targets_say_nothing_of_the_fault():
    verified = replace(QUIET, phases=replace(QUIET.phases, verify=30.0))
    stage = staged(PODS, scenario=verified).say(8, ev.EndRequested())
    stage.at(12, lambda s: become(s, replace(PODS, seen={})))
    assert exposed(stage.play()) == []


def test_users_who_are_hurt_prove_an_effect_whatever_the_targets_say():
    stage = staged(PODS)
    stage.world.harmless = False
    stage.at(30, lambda s: setattr(s.world, "mended", True)).say(
        60, ev.MilestoneMarked(milestone="recovered")
    )
    stage.play()
    assert outcome(stage) is Outcome.RECOVERED
