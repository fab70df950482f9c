"""The faults of one drill, one or several: recorded before they are injected, and all reverted."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.conduct.drill.fault.requests import Faults
from gameday.conduct.drill.policy_check import PolicySources
from gameday.core import exposure
from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Inject
from gameday.core.values import FaultId, Party
from tests.conduct.stage import AUTOMATION, DRILL, FAULT, MENDED, SCENARIO, Stage, how, mend


def test_the_request_is_stored_before_the_fault_is_injected():
    stage = Stage(AUTOMATION).at(MENDED, mend)
    stage.play()
    order = [stored.event.kind for stored in stage.store.read(DRILL)]
    assert order.index("FaultRequested") < order.index("FaultInjected") < order.index("FaultReverted")


FURTHER = FaultId("inject-0")


TWICE = replace(SCENARIO, responders=Party.AUTOMATION, injects=(Inject(after=5.0, experiment="second.json"),))


def twice():
    request = ev.FaultRequested(fault=FURTHER, experiment="{}", path="second.json", cwd="/")
    return Stage(TWICE, further={0: request}, policy_sources=PolicySources(read=lambda _path: b"{}"))


def test_a_further_fault_is_written_ahead_injected_held_and_undone_with_the_first():
    stage = twice().at(MENDED, mend)
    history = stage.play()
    order = [(e.event.kind, getattr(e.event.fact, "fault", "")) for e in stage.store.read(DRILL)]
    assert order.index(("FaultRequested", FURTHER)) < order.index(("FaultInjected", FURTHER))
    assert [one.fact.kind for one in history.each(ev.InjectSent)] == ["fault"]
    assert {one.fact.fault for one in history.each(ev.FaultReverted)} == {FAULT, FURTHER}
    assert not stage.world.fault
    assert how(history) == "completed"


def test_a_further_fault_that_is_refused_is_skipped_and_the_drill_goes_on():
    stage = twice().at(MENDED, mend)
    inject = stage.keeper.inject

    async def refuse(fault):
        if fault == FURTHER:
            raise NotReady("the fault keeper refused: policy")
        await inject(fault)

    stage.use(replace(stage.context, keeper=Refusing(stage.keeper, refuse)))
    history = stage.play()
    assert "refused" in history.first(ev.InjectSkipped).fact.why
    assert how(history) == "completed"


class Refusing:
    """The stage's keeper, with another way to inject."""

    def __init__(self, keeper, inject):
        self._keeper, self.inject = keeper, inject

    def __getattr__(self, name):
        return getattr(self._keeper, name)


@settings(deadline=None, max_examples=40)
@given(abort=st.floats(min_value=0, max_value=60), keeper_dies=st.floats(min_value=0, max_value=60))
def test_whatever_dies_or_aborts_when_of_two_faults_none_stays_exposed(abort, keeper_dies):
    stage = twice().say(abort, ev.AbortRequested(reason="safety"))
    stage.at(keeper_dies, lambda s: setattr(s.keeper, "living", False))
    history = stage.play()
    assert exposure.open_faults(history) == ()
    assert history.last(ev.DrillClosed).fact.reverted


def test_the_drill_is_over_for_its_main_fault_once_that_is_reverted_though_a_further_one_is_open():
    stage = twice()
    faults = Faults(stage.context)
    further = stage.context.further[0]

    async def both():
        assert not faults.main_is_over()
        await faults.inject(stage.context.fault_request)
        await faults.inject(further)
        stage.live_facts.refresh()
        assert (faults.open(), faults.main_is_over()) == ([FAULT, FURTHER], False)
        await faults.revert([FAULT], "granted", now=True)
        stage.live_facts.refresh()
        assert (faults.open(), faults.main_is_over()) == ([FURTHER], True)

    stage.clock.run(both())


def test_of_a_keeper_that_is_gone_no_revert_is_asked():
    stage = Stage()
    faults = Faults(stage.context)

    async def inject_and_lose_the_keeper():
        await faults.inject(stage.context.fault_request)
        stage.keeper.living = False
        await faults.revert([FAULT], "time", now=False)

    stage.clock.run(inject_and_lose_the_keeper())
    stage.live_facts.refresh()
    assert stage.world.reverts == 0
    assert faults.open() == [FAULT]
