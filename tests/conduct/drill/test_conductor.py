"""The conductor on a virtual clock: every way in which a drill goes, and how it always ends."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core import exposure
from gameday.core.errors import Busy, NotReady
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, Instant, Phase
from gameday.ports import Lease
from gameday.testing.drill.rollback_player import REFUSED, STANDBY, UNDONE
from gameday.testing.drill.wakeup import FakeWakeup
from tests.conduct.stage import AUTOMATION, DRILL, MENDED, SCENARIO, Stage, how, mend


def phases(history):
    return [entered.fact.phase for entered in history.each(ev.PhaseEntered)]


def test_a_drill_goes_through_its_phases_in_order():
    history = Stage(AUTOMATION).at(MENDED, mend).play()
    assert phases(history) == [p for p in Phase if p is not Phase.REVIEW]
    assert how(history) == "completed"


def test_with_an_automation_the_response_ends_when_recovery_is_observed():
    stage = Stage(AUTOMATION).at(MENDED, mend)
    history = stage.play()
    assert history.first(ev.ResponseEnded).fact.why == "recovered"
    assert MENDED + 10 <= stage.seconds(history, ev.ResponseEnded) <= MENDED + 15


def test_with_a_team_recovery_must_also_be_marked():
    stage = Stage().at(MENDED, mend).say(60, ev.MilestoneMarked(milestone="recovered"))
    history = stage.play()
    assert history.first(ev.ResponseEnded).fact.why == "recovered"
    assert 60 <= stage.seconds(history, ev.ResponseEnded) <= 61


def test_a_mark_while_users_still_hurt_ends_nothing():
    history = Stage().say(20, ev.MilestoneMarked(milestone="recovered")).play()
    assert history.first(ev.ResponseEnded).fact.why == "time"


def test_the_facilitator_ends_the_response_without_an_abort():
    history = Stage().say(40, ev.EndRequested()).play()
    assert history.first(ev.ResponseEnded).fact.why == "ended"
    assert how(history) == "completed"


def test_when_time_is_up_the_fault_is_reverted():
    history = Stage().play()
    assert history.first(ev.ResponseEnded).fact.why == "time"
    assert exposure.open_faults(history) == ()


def test_a_fault_that_hurts_nobody_is_let_go_after_the_onset():
    stage = Stage()
    stage.world.harmless = True
    history = stage.play()
    assert history.first(ev.ResponseEnded).fact.why == "no-impact"
    assert stage.seconds(history, ev.ResponseEnded) < 30


def test_a_hold_of_a_duration_ends_after_it():
    stage = Stage(replace(SCENARIO, hold="for", hold_for=15.0))
    history = stage.play()
    assert history.first(ev.ResponseEnded).fact.why == "time"
    assert 15 <= stage.seconds(history, ev.ResponseEnded) - stage.seconds(history, ev.FaultInjected) <= 16


def test_without_a_hold_the_rollbacks_follow_the_method():
    stage = Stage(replace(SCENARIO, hold="none"))
    history = stage.play()
    assert stage.seconds(history, ev.FaultReverted) - stage.seconds(history, ev.FaultHeld) < 0.5


def test_a_tabletop_ends_when_recovery_is_marked():
    tabletop = replace(SCENARIO, experiment="", load=None, slos=())
    history = Stage(tabletop).say(10, ev.MilestoneMarked(milestone="recovered")).play()
    assert history.first(ev.ResponseEnded).fact.why == "recovered"
    assert history.first(ev.FaultRequested) is None


@pytest.mark.parametrize("seconds", [0.5, 2.0, 5.02, 8.0, 30.0, 130.0])
def test_an_abort_in_any_phase_reverts_and_closes(seconds):
    stage = Stage().say(seconds, ev.AbortRequested(reason="facilitator"))
    history = stage.play()
    assert exposure.open_faults(history) == ()
    assert how(history) == "aborted"
    assert not stage.world.fault


def test_an_abort_of_our_own_ends_the_wait_for_the_next_look():
    stage = Stage()
    stage.use(replace(stage.context, wakeup=FakeWakeup(clock=stage.clock)))
    history = stage.at(20.013, lambda stage: stage.conductor.abort("interrupted")).play()
    asked = history.first(ev.AbortRequested)
    assert history.first(ev.RevertRequested).at == asked.at


def test_an_abort_reverts_at_once():
    stage = Stage().say(30, ev.AbortRequested(reason="safety"))
    history = stage.play()
    assert stage.seconds(history, ev.FaultReverted) - 30 <= 0.2


@settings(max_examples=40, deadline=None)
@given(
    abort=st.floats(min_value=0, max_value=150),
    keeper_dies=st.floats(min_value=0, max_value=150),
    load_dies=st.floats(min_value=0, max_value=150),
    fails=st.integers(min_value=0, max_value=3),
)
def test_whatever_dies_or_aborts_when_nothing_stays_exposed(abort, keeper_dies, load_dies, fails):
    stage = Stage().say(abort, ev.AbortRequested(reason="safety"))
    stage.at(keeper_dies, lambda s: setattr(s.keeper, "living", False))
    stage.at(load_dies, lambda s: setattr(s.users, "gone", "killed"))
    stage.rollback_player.outcomes = [REFUSED] * fails + [UNDONE]
    history = stage.play()
    assert exposure.open_faults(history) == ()
    assert not stage.world.fault
    assert history.last(ev.DrillClosed).fact.reverted


def test_a_process_stands_by_while_the_keeper_plays_rollbacks_and_plays_them_when_it_dies():
    stage = Stage().say(40, ev.EndRequested())
    stage.keeper.slow = 2.0
    stage.machine.living.add(STANDBY)
    stage.at(41, lambda s: setattr(s.keeper, "living", False))
    history = stage.play()
    standby = [each.fact.pid for each in history.each(ev.ProcessStarted) if each.fact.role == "standby"]
    assert standby == [STANDBY.pid]
    assert STANDBY in stage.machine.living
    assert len(stage.rollback_player.played) == 1
    assert stage.rollback_player.warmed == []
    assert history.last(ev.DrillClosed).fact.reverted


def test_no_process_stands_by_for_rollbacks_that_are_over_at_once():
    history = Stage().say(20, ev.AbortRequested(reason="safety")).play()
    assert all(each.fact.role != "standby" for each in history.each(ev.ProcessStarted))


@pytest.mark.parametrize("why", ["the keeper died", "the keeper was never started"])
def test_what_the_keeper_can_not_take_down_any_more_the_conductor_does(why):
    stage = Stage(AUTOMATION)
    stage.place.why, stage.place.up_command = "nobody answers", ("up",)
    if why == "the keeper died":
        stage.at(20, lambda s: setattr(s.keeper, "living", False))
    else:
        stage.keeper.living = False
        stage.probes.steady_met = False
    history = stage.play()
    assert [entry for entry in stage.machine.log if entry[0] in ("sweep", "run")] == [
        ("sweep", DRILL),
        ("run", "down"),
    ]
    assert history.first(ev.EnvironmentTakenDown) is not None
    assert history.last(ev.DrillClosed).fact.reverted


def test_a_rollback_that_fails_for_good_closes_the_drill_as_not_reverted():
    stage = Stage().say(20, ev.AbortRequested(reason="safety"))
    stage.keeper.stubborn = True
    history = stage.play()
    assert not history.last(ev.DrillClosed).fact.reverted


def test_an_unmet_steady_state_injects_nothing():
    stage = Stage()
    stage.probes.steady_met = False
    history = stage.play()
    assert isinstance(stage.error, NotReady)
    assert history.first(ev.FaultRequested) is None
    assert how(history) == "not-ready"


def test_an_unreachable_target_injects_nothing():
    stage = Stage()
    stage.place.why = "nobody answers"
    history = stage.play()
    assert "nobody answers" in stage.error.message
    assert history.first(ev.FaultRequested) is None


def test_a_target_that_is_not_there_is_brought_up():
    stage = Stage(AUTOMATION).at(MENDED, mend)
    stage.place.why = "nobody answers"
    stage.place.up_command = ("up",)
    history = stage.play()
    assert history.first(ev.EnvironmentBroughtUp).fact.down == ("down",)
    assert how(history) == "completed"


def test_an_slo_that_no_request_matches_injects_nothing():
    slos = (replace(SCENARIO.slos[0], request="POST /checkout"),)
    stage = Stage(replace(SCENARIO, slos=slos))
    history = stage.play()
    assert "no request matched SLO all" in stage.error.message
    assert history.first(ev.FaultRequested) is None
    assert history.refused.startswith("baseline: no request matched SLO all")


def test_a_service_that_is_bad_before_the_fault_injects_nothing():
    stage = Stage()
    stage.world.fault = True
    history = stage.play()
    assert "not met before the fault" in stage.error.message
    assert history.first(ev.FaultRequested) is None


def test_an_environment_that_another_drill_holds_is_busy():
    stage = Stage()
    other = Lease(
        environment="stage",
        drill=DrillId("other"),
        holder="ada@laptop",
        since=stage.began,
        until=Instant(stage.began + 60),
    )
    stage.store.take_lease(other)
    stage.play()
    assert isinstance(stage.error, Busy)
    assert "ada@laptop" in stage.error.message


def test_a_drill_gives_its_lease_back():
    stage = Stage(AUTOMATION).at(MENDED, mend)
    stage.play()
    assert stage.store.take_lease(replace_drill(stage)) is None


def replace_drill(stage):
    now = stage.clock.now()
    return Lease(environment="stage", drill=DrillId("next"), holder="h", since=now, until=Instant(now + 1))


def test_an_earlier_drill_with_a_fault_in_force_stops_the_next():
    stage = Stage()
    earlier = replace(stage.people, drill=DrillId("earlier"))
    earlier.write(stage.context.planned)
    earlier.write(stage.context.fault_request)
    stage.play()
    assert "earlier" in stage.error.message


def test_every_preflight_check_is_written_down():
    history = Stage(AUTOMATION).at(MENDED, mend).play()
    assert all(checked.fact.passed for checked in history.each(ev.PreflightChecked))
    assert len(list(history.each(ev.PreflightChecked))) >= 5


def test_a_store_that_goes_away_still_has_the_fault_reverted():
    stage = Stage().at(20, lambda s: s.store.fail_with("disk gone"))
    stage.clock.run(stage.perform())
    assert stage.error is not None
    assert stage.world.reverts == 1
    assert not stage.world.fault


def test_the_drill_has_one_id():
    assert {event.drill for event in Stage().play().events} == {DRILL}


def test_the_end_of_the_load_says_how_many_requests_there_were():
    history = Stage().say(40, ev.EndRequested()).play()
    stopped = history.first(ev.LoadStopped).fact
    chunks = history.load.chunks
    assert stopped.requests == sum(sum(c.count) + sum(c.bad_count) for c in chunks) > 1000
    assert stopped.failures == sum(sum(c.bad_count) for c in chunks) > 100
