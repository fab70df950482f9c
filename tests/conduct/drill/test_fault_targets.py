"""An experiment that did nothing: refused before, and called no-effect after."""

from dataclasses import replace

import pytest

from gameday.conduct.drill import report
from gameday.conduct.drill.fault_targets import FaultTargets
from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.core.values import Outcome
from gameday.ports import ActionTarget
from gameday.testing.drill.targets import FakeTargets
from tests.conduct.stage import SCENARIO, Stage

PODS = ActionTarget(action="kill", what="pods app=shop", seen={"u1": "a", "u2": "b"}, conclusive=True)
QUIET = replace(SCENARIO, phases=replace(SCENARIO.phases, onset=40.0))


def staged(*fault_targets, scenario=QUIET):
    stage = Stage(scenario, fault_targets=FaultTargets(FakeTargets(targets=fault_targets)))
    stage.world.harmless = True
    return stage


def become(stage, *fault_targets):
    stage.context.fault_targets.targets.targets = fault_targets


def exposed(history):
    return [(probed.fact.stage, probed.fact.exposed) for probed in history.each(ev.ExposureProbed)]


def outcome(stage):
    return report.judge(stage.store, stage.context.drill).result.attribution.outcome


@pytest.mark.parametrize(
    ("aim", "message"),
    [
        (replace(PODS, seen={}), "there are no pods app=shop"),
        (replace(PODS, seen={}, trap="there is no namespace x"), "there is no namespace x"),
        (replace(PODS, trap="without container_name it runs nothing"), "container_name"),
    ],
)
def test_an_action_that_would_do_nothing_is_refused(aim, message):
    stage = staged(PODS, aim)
    history = stage.play()
    assert isinstance(stage.error, NotReady)
    assert message in stage.error.message
    assert history.first(ev.FaultRequested) is None


def test_what_is_aimed_at_is_written_down():
    stage = staged(PODS, ActionTarget(action="call", what="http"))
    history = stage.play()
    found = [one.fact.detail for one in history.each(ev.PreflightChecked) if one.fact.check == "targets"]
    assert found == ["kill: 2 (pods app=shop); call: not counted (http)"]
    assert stage.context.fault_targets.targets.closed


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
