"""A conductor is asked to end its drill before anybody ends it in its place."""

import asyncio

import pytest

from gameday.conduct.revert import graceful_stop
from gameday.conduct.revert.abandoned import OpenDrill
from gameday.core.facts import drill as ev
from gameday.core.values import Phase
from gameday.system.ids import SystemIds
from tests.conduct.machine import FakeMachine
from tests.conduct.revert.scene import Scene


class Asked(Scene):
    """A scene whose drill is asked to end; `answers` are written at their seconds, and None is a death."""

    def __init__(self, *, host="here"):
        super().__init__()
        self.host, self.conductor = host, self.process("conductor", 10, host=host)
        self.machine = FakeMachine(*([self.conductor] if host == "here" else []))

    def ask(self, *answers, left=False):
        drill = OpenDrill(drill="d", host=self.host, exposed=(), left=left)

        async def answer():
            for second, fact in answers:
                await self.clock.sleep(second - self.clock.now() + self.began)
                if fact is None:
                    self.machine.living.discard(self.conductor)
                else:
                    self.write(fact)

        async def main():
            self.began = self.clock.now()
            answering = asyncio.ensure_future(answer())
            asked = graceful_stop.ask_to_end(
                self.store, [drill], clock=self.clock, ids=SystemIds(), machine=self.machine
            )
            ended = await asked
            self.took = self.clock.now() - self.began
            answering.cancel()
            return ended

        return self.clock.run(main())


BEGUN = ev.PhaseEntered(phase=Phase.REVERT)
CLOSED = ev.DrillClosed(how="aborted", reverted=True)


def test_one_that_answers_is_waited_for_until_it_is_gone():
    scene = Asked()
    assert scene.ask((0.5, BEGUN), (40, CLOSED), (42, None)) == {"d"}
    assert [asked.reason for asked in scene.facts(ev.AbortRequested)] == ["revert"]
    assert 42 <= scene.took < 43


def test_one_that_does_not_answer_is_not_waited_for():
    scene = Asked()
    assert scene.ask() == frozenset()
    assert 2 <= scene.took < 2.5


def test_one_that_dies_on_the_way_leaves_its_drill_to_others():
    scene = Asked()
    assert scene.ask((0.5, BEGUN), (5, None)) == frozenset()
    assert scene.took < 6


def test_one_that_could_not_undo_its_fault_leaves_it_to_others():
    closed = ev.DrillClosed(how="aborted", reverted=False)
    assert Asked().ask((0.5, BEGUN), (5, closed), (6, None)) == frozenset()


@pytest.mark.parametrize("how", ["dead", "stopped", "left"])
def test_who_can_not_answer_is_not_asked(how):
    scene = Asked()
    if how == "dead":
        scene.machine.living.discard(scene.conductor)
    elif how == "stopped":
        scene.machine.halted = {scene.conductor}
    assert scene.ask(left=how == "left") == frozenset()
    assert scene.facts(ev.AbortRequested) == []
    assert scene.took == 0


def test_one_of_another_host_can_not_be_seen_and_is_asked():
    scene = Asked(host="there")
    assert scene.ask((0.5, BEGUN), (5, CLOSED)) == {"d"}
    assert Asked(host="there").ask() == frozenset()
