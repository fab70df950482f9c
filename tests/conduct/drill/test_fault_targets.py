"""An experiment that did nothing: refused before, and called no-effect after."""

from dataclasses import replace

import pytest

from gameday.conduct.drill.fault_targets import FaultTargets
from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.ports import ActionTarget
from gameday.testing.drill.targets import FakeTargets
from tests.conduct.stage import SCENARIO, Stage

PODS = ActionTarget(action="kill", what="pods app=shop", seen={"u1": "a", "u2": "b"}, conclusive=True)
QUIET = replace(SCENARIO, phases=replace(SCENARIO.phases, onset=40.0))


def staged(*fault_targets, scenario=QUIET):
    stage = Stage(scenario, fault_targets=FaultTargets(FakeTargets(targets=fault_targets)))
    stage.world.harmless = True
    return stage


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
