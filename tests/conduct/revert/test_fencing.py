"""Who may still inject is ended before the first rollback; nobody else is touched."""

from tests.conduct.machine import FakeMachine
from tests.conduct.revert.scene import Scene


def test_who_may_inject_is_ended_before_the_first_rollback():
    scene = Scene()
    machine = FakeMachine(
        scene.process("chaoslib", 12), scene.process("keeper", 11), scene.process("locust", 13)
    )
    played_when = []
    scene.rollback_player.on_play = lambda: played_when.append(list(machine.log))
    scene.settle(machine)
    assert played_when[0] == [("end", 11, True), ("end", 12, True), ("sweep", "GAMEDAY_FAULT", "d/f1")]


def test_a_living_conductor_goes_on_unless_the_drill_is_closed_for_it():
    scene = Scene()
    machine = FakeMachine(scene.process("conductor", 10))
    scene.settle(machine)
    assert ("end", 10, False) not in machine.log
    scene.settle(machine, by="keeper", closing="aborted")
    assert ("end", 10, False) in machine.log


def test_a_process_of_another_host_is_left_alone():
    scene = Scene()
    machine = FakeMachine(scene.process("keeper", 11, host="there"))
    scene.settle(machine)
    assert ("end", 11, True) not in machine.log
