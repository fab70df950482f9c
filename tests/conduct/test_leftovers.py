"""What another drill has in force keeps a drill from starting: not one that is on elsewhere."""

from dataclasses import replace

from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, instant
from gameday.ports import Lease
from tests.conduct.stage import Stage

OTHER = DrillId("20270115-075900-other-0000")


def beside(*, environment="elsewhere", held=True):
    """Give a stage whose store holds another drill with a fault in force; held: its conductor lives."""
    stage = Stage()
    recorder = replace(stage.people, drill=OTHER)
    recorder.write(replace(stage.context.planned, environment=environment))
    recorder.write(replace(stage.context.fault_request))
    if held:
        now = stage.clock.now()
        stage.store.take_lease(
            Lease(environment=environment, drill=OTHER, holder="o", since=now, until=instant(now + 600))
        )
    return stage


def test_a_drill_that_is_on_elsewhere_is_no_leftover():
    stage = beside()
    assert stage.play().first(ev.FaultReverted) is not None
    assert stage.error is None


def test_a_fault_whose_conductor_is_gone_is_a_leftover_wherever_it_is():
    for environment in ("elsewhere", "stage"):
        stage = beside(environment=environment, held=False)
        assert stage.play().first(ev.FaultRequested) is None
        assert isinstance(stage.error, NotReady)
        assert f"{OTHER} on {environment} may still have a fault in force" in stage.error.message
