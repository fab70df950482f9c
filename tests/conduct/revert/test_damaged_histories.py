"""Whatever a history has lost, a revert ends with reverted, with unknown, or with nothing to do."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.conduct import store_reads
from gameday.conduct.revert import abandoned, by_hand, revert
from gameday.conduct.revert.buffered_recorder import BufferedRecorder
from gameday.conduct.revert.context import RevertContext
from gameday.core import exposure
from gameday.core.errors import UsageError
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.testing.clock import VirtualClock
from gameday.testing.drill.rollback_player import FakeRollbackPlayer
from gameday.testing.history_store import MemoryHistoryStore
from gameday.testing.ids import FakeIds
from tests.conduct.machine import FakeMachine
from tests.conduct.stage import RULES, SCENARIO

PLANNED = ev.DrillPlanned(
    scenario=SCENARIO, scorecard=RULES, mode="evaluate", environment="stage", comparable="c", host="here"
)


def requested(fault):
    return ev.FaultRequested(fault=fault, experiment="{}", path="x.json", cwd="/")


def action(kind, **more):
    return kind(fault="main", stage="method", activity="a", kind="action", **more)


WHOLE = (
    PLANNED,
    ev.ProcessStarted(role="conductor", pid=10, started_ticks=10, boot="b", host="here"),
    ev.ProcessStarted(role="keeper", pid=11, started_ticks=11, boot="b", host="here"),
    ev.EnvironmentBroughtUp(command=("up",), down=("down",)),
    ev.PhaseEntered(phase="inject"),
    requested("main"),
    ev.ProcessStarted(role="chaoslib", pid=12, started_ticks=12, boot="b", host="here"),
    action(ev.ActivityStarted),
    ev.FaultInjected(fault="main", action="a"),
    action(ev.ActivityFinished, status="succeeded"),
    ev.FaultHeld(fault="main"),
    requested("inject-0"),
    ev.FaultInjected(fault="inject-0", action="b"),
    ev.AbortRequested(reason="safety"),
    ev.RevertRequested(fault="main", why="abort"),
    ev.RevertFailed(fault="main", attempt=1, error="no"),
)
"""A drill that died while two faults were in force."""


class Damaged:
    """A store with one drill of whose history something was lost."""

    def __init__(self, events):
        self.clock = VirtualClock()
        self.store = MemoryHistoryStore(self.clock)
        self.store.append(*events)
        self.clock.advance(1000.0)
        self.rollback_player = FakeRollbackPlayer(clock=self.clock)

    def look(self):
        return abandoned.OpenDrillsLook(
            store=self.store, machine=FakeMachine(), now=self.clock.now()
        ).open_drills()

    def settle(self, **more):
        return self.clock.run(
            revert.settle(
                self.store,
                "d",
                rollback_player=self.rollback_player,
                clock=self.clock,
                machine=FakeMachine(),
                by="command",
                closing="aborted",
                **more,
            )
        )

    def close_by_hand(self, open_drill, text="done"):
        async def main():
            context = RevertContext(
                drill="d",
                by="ada",
                store=self.store,
                recorder=BufferedRecorder(self.store, "d", source="command", now=self.clock.now),
                clock=self.clock,
                rollback_player=self.rollback_player,
                machine=FakeMachine(),
            )
            await by_hand.close(open_drill, context, FakeIds(), text=text)

        self.clock.run(main())

    def in_doubt(self):
        return exposure.in_doubt(store_reads.read(self.store, "d"))


def events_of(facts):
    return [
        ev.Event(id=f"e{number}", drill="d", recorded_at=float(number), source="t", fact=fact)
        for number, fact in enumerate(facts, start=1)
    ]


WHOLE_REVERTED = (*WHOLE, ev.FaultReverted(fault="main", how="rolled-back", by="keeper"))
"""The same, with its first fault undone before all died."""

damages = st.one_of(
    st.integers(0, len(WHOLE)).map(lambda cut: list(WHOLE[cut:])),
    st.integers(0, len(WHOLE)).map(lambda cut: list(WHOLE[:cut])),
    st.integers(0, len(WHOLE) - 1).map(lambda lost: [*WHOLE[:lost], *WHOLE[lost + 1 :]]),
    st.lists(st.sampled_from(WHOLE)),
    st.permutations(WHOLE),
)


@settings(max_examples=200, deadline=None)
@given(damages)
def test_a_damaged_history_is_reverted_unknown_or_nothing_and_a_person_can_close_it(facts):
    damaged = Damaged(events_of(facts))
    for open_drill in damaged.look():
        settled = damaged.settle()
        assert settled.reverted == (damaged.in_doubt() == ())
        assert all(fault.lost and fault.steps and fault.why for fault in settled.rest)
        rows = damaged.store.live()
        assert bool(rows) == (not settled.reverted)
        if settled.rest:
            damaged.close_by_hand(open_drill)
            assert damaged.in_doubt() == ()
            assert not damaged.store.live()


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([WHOLE, WHOLE_REVERTED]), st.integers(0, len(WHOLE) - 1))
def test_no_cut_lets_a_fault_that_was_in_force_pass_as_nothing(facts, cut):
    """What is left of a drill with a fault in force is not called reverted without that fault's rollbacks."""
    damaged = Damaged(events_of(facts[cut:]))
    settled = damaged.settle()
    played = {fault for fault, _, _ in damaged.rollback_player.played}
    assert settled.rest or "inject-0" in played
    if facts is WHOLE:
        assert settled.rest or "main" in played


def unsigned(facts, kinds=ev.SIGNED):
    return [replace(event, signed=not isinstance(event.fact, kinds)) for event in events_of(facts)]


class Strange(Damaged):
    """A history that this installation did not sign."""

    def __init__(self, facts):
        super().__init__([])
        self.store = Unsigned(self.clock, unsigned(facts))


class Unsigned(MemoryHistoryStore):
    """A memory store that gives its first events back as they came: unsigned."""

    def __init__(self, clock, events):
        super().__init__(clock)
        self.append(*events)


def test_what_is_unsigned_is_neither_played_fenced_nor_taken_down_and_stays_as_it_is():
    strange = Strange(WHOLE)
    machine = FakeMachine()
    before = len(strange.store.read("d"))
    settled = strange.clock.run(
        revert.settle(
            strange.store,
            "d",
            rollback_player=strange.rollback_player,
            clock=strange.clock,
            machine=machine,
            closing="aborted",
        )
    )
    assert {fault.fault for fault in settled.rest} == {"main", "inject-0"}
    assert strange.rollback_player.played == []
    assert machine.log == []
    assert len(strange.store.read("d")) == before


def test_a_persons_word_has_it_played():
    strange = Strange(WHOLE)
    assert strange.settle(play_unsigned=True).reverted
    assert {fault for fault, _, _ in strange.rollback_player.played} == {"main", "inject-0"}


def test_a_signed_fault_is_reverted_whatever_unsigned_facts_are_with_it():
    events = [
        replace(event, signed=False) if isinstance(event.fact, ev.ProcessStarted) else event
        for event in events_of(WHOLE)
    ]
    strange = Damaged(events)
    assert strange.settle().reverted


def test_an_unsigned_request_does_not_take_the_place_of_a_signed_one():
    forged = replace(requested("main"), path="forged.json")
    late = ev.Event(id="z", drill="d", recorded_at=99.0, source="t", fact=forged, signed=False)
    read = history.from_events([*events_of(WHOLE), late])
    assert {fault.request.path for fault in exposure.open_faults(read)} == {"x.json"}


def test_what_was_imported_is_inert_even_with_a_persons_word():
    imported = Damaged(events_of([*WHOLE, ev.HistoryImported(file="d.zip")]))
    assert imported.settle(play_unsigned=True).reverted
    assert imported.rollback_player.played == []
    with pytest.raises(UsageError, match="nothing in force"):
        imported.close_by_hand(None)


@pytest.mark.parametrize(("environment", "signed", "blocks"), [
    ("stage", False, True), ("other", False, False), ("other", True, True),
])  # fmt: skip
def test_what_is_unsigned_blocks_its_own_environment_alone(environment, signed, blocks):
    (open_drill,) = Damaged(events_of(WHOLE)).look()
    faults = tuple(replace(fault, signed=signed) for fault in open_drill.exposed)
    assert replace(open_drill, environment="stage", exposed=faults).blocks(environment) is blocks
