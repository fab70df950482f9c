"""Which drills are left: by what lives on this host, and by rights that ran out on another."""

import pytest

from gameday.conduct.revert import abandoned, claims
from gameday.core.facts import drill as ev
from gameday.core.values import Instant
from gameday.ports import Lease
from tests.conduct.machine import FakeMachine
from tests.conduct.revert.scene import Scene
from tests.conduct.stage import RULES, SCENARIO


class Yard(Scene):
    """A scene whose drill was planned, and looks at it."""

    def __init__(self, **more):
        super().__init__(faults=())
        planned = ev.DrillPlanned(
            scenario=SCENARIO, scorecard=RULES, mode="evaluate", environment="stage", comparable="c", **more
        )
        self.write(planned)

    def inject(self):
        self.write(ev.FaultRequested(fault="f1", experiment="{}", path="x.json", cwd="/"))
        self.write(ev.FaultInjected(fault="f1", action="a"))

    def lease(self, seconds, drill="d"):
        until = Instant(self.clock.now() + seconds)
        lease = Lease(environment="stage", drill=drill, holder="h", since=Instant(0.0), until=until)
        assert self.store.take_lease(lease) is None

    def keep(self, seconds):
        until = Instant(self.clock.now() + seconds)
        assert self.store.claim("d", claims.right("f1"), "there:11", until=until)

    def look(self, machine=None, later=0.0):
        self.clock.advance(later)
        look = abandoned.OpenDrillsLook(
            store=self.store, machine=machine or FakeMachine(), now=self.clock.now()
        )
        return look.open_drills()

    def left(self, machine=None, later=0.0):
        (found,) = self.look(machine, later)
        return found.left


def test_a_drill_is_looked_after_while_its_conductor_or_its_keeper_lives():
    yard = Yard(host="here")
    conductor, keeper = yard.process("conductor", 10), yard.process("keeper", 11)
    assert not yard.left(FakeMachine(conductor))
    assert not yard.left(FakeMachine(keeper))
    assert yard.left(FakeMachine())


def test_who_is_stopped_looks_after_nothing():
    yard = Yard(host="here")
    conductor, keeper = yard.process("conductor", 10), yard.process("keeper", 11)
    machine = FakeMachine(conductor, keeper)
    machine.halted = {conductor}
    assert not yard.left(machine)
    machine.halted = {conductor, keeper}
    assert yard.left(machine)


def test_a_conductor_that_died_before_it_named_itself_left_its_drill():
    yard = Yard(host="here")
    assert not yard.left()
    assert yard.left(later=6)


def test_another_hosts_fault_is_left_when_its_keepers_right_has_run_out():
    yard = Yard(host="there")
    yard.process("conductor", 10, host="there")
    yard.inject()
    yard.keep(70)
    assert not yard.left(later=65)
    assert yard.left(later=10)


def test_a_fault_that_was_only_just_requested_is_not_judged():
    yard = Yard(host="there")
    yard.clock.advance(100)
    yard.inject()
    assert not yard.left(later=25)
    assert yard.left(later=10)


def test_another_hosts_drill_without_a_fault_is_left_when_its_lease_has_run_out():
    yard = Yard(host="there")
    yard.lease(70)
    assert not yard.left(later=65)
    assert yard.left(later=10)
    yard.lease(60, drill="another")
    assert yard.left()


def test_looking_takes_no_right_from_the_keeper_that_comes_back():
    yard = Yard(host="there")
    yard.inject()
    yard.keep(1)
    assert yard.left(later=100)
    yard.keep(30)
    assert not yard.left()


@pytest.mark.parametrize("final", [True, False])
def test_what_every_try_failed_to_revert_is_known(final):
    yard = Yard(host="here")
    yard.inject()
    yard.write(ev.RevertFailed(fault="f1", attempt=1, error="no", final=final))
    assert yard.look()[0].gave_up is final


def test_a_closed_drill_is_not_listed():
    yard = Yard(host="here")
    yard.write(ev.DrillClosed(how="completed", reverted=True))
    assert yard.look() == []


def test_what_nobody_foresaw_in_one_history_is_a_person_s_and_hides_no_other_drill(monkeypatch):
    yard = Yard()

    def broken(*_arguments, **_options):
        raise TypeError("what nobody foresaw")

    monkeypatch.setattr(yard.store, "read", broken)
    (found,) = abandoned.OpenDrillsLook(
        store=yard.store, machine=FakeMachine(), now=yard.clock.now()
    ).open_drills()
    assert (found.unreadable, found.left, found.gave_up) == ("what nobody foresaw", True, True)


def test_a_machine_that_can_open_no_file_says_nothing_of_a_history(monkeypatch):
    """Its drill must not be taken for one that only a person can settle."""
    yard = Yard()

    def full(*_arguments, **_options):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(yard.store, "read", full)
    with pytest.raises(OSError, match="Too many open files"):
        abandoned.OpenDrillsLook(store=yard.store, machine=FakeMachine(), now=yard.clock.now()).open_drills()
