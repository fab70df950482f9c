"""The conductor on a virtual clock: every way in which a drill goes, and how it always ends."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.conduct.drill.policy_check import PolicySources
from gameday.core import exposure
from gameday.core.errors import Busy, NotReady
from gameday.core.facts import drill as ev
from gameday.core.judging import result
from gameday.core.plans.responder_script import Do, ResponderScript, ResponderStep, When
from gameday.core.plans.scenario import Guardrail, Inject
from gameday.core.values import DrillId, FaultId, Instant, Party, Phase, Severity
from gameday.ports import Lease
from gameday.testing.drill.rollback_player import REFUSED, UNDONE
from tests.conduct.stage import AUTOMATION, DRILL, FAULT, SCENARIO, Stage

MENDED = 30.0


def mend(stage):
    stage.world.mended = True


def phases(history):
    return [entered.fact.phase for entered in history.each(ev.PhaseEntered)]


def how(history):
    return history.last(ev.DrillClosed).fact.how


def test_a_drill_goes_through_its_phases_in_order():
    history = Stage(AUTOMATION).at(MENDED, mend).play()
    assert phases(history) == [p for p in Phase if p is not Phase.REVIEW]
    assert how(history) == "completed"


def test_the_request_is_stored_before_the_fault_is_injected():
    stage = Stage(AUTOMATION).at(MENDED, mend)
    stage.play()
    order = [stored.event.kind for stored in stage.store.read(DRILL)]
    assert order.index("FaultRequested") < order.index("FaultInjected") < order.index("FaultReverted")


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


def test_when_the_keeper_dies_the_conductor_reverts():
    stage = Stage().at(20, lambda s: setattr(s.keeper, "living", False))
    history = stage.play()
    assert len(stage.rollback_player.played) == 1
    assert history.first(ev.AbortRequested).fact.reason == "keeper-lost"
    assert how(history) == "aborted"


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
    assert stage.machine.log[-2:] == [("sweep", "GAMEDAY_DRILL", DRILL), ("run", "down")]
    assert history.first(ev.EnvironmentTakenDown) is not None
    assert history.last(ev.DrillClosed).fact.reverted


def test_a_rollback_that_fails_for_good_closes_the_drill_as_not_reverted():
    stage = Stage().say(20, ev.AbortRequested(reason="safety"))
    stage.keeper.stubborn = True
    history = stage.play()
    assert not history.last(ev.DrillClosed).fact.reverted


def test_lost_load_aborts_the_drill():
    history = Stage().at(20, lambda s: setattr(s.users, "gone", "Locust was killed")).play()
    assert history.first(ev.LoadLost).fact.reason == "Locust was killed"
    assert how(history) == "aborted"


def test_a_guardrail_on_an_slo_aborts_with_its_name():
    scenario = replace(SCENARIO, guardrails=(Guardrail(slo="all", below=0.5, lasting=5.0),))
    history = Stage(scenario).play()
    assert "all" in history.first(ev.GuardrailTripped).fact.guardrail
    assert history.first(ev.AbortRequested).fact.reason == "guardrail"


PROBE = '{"type": "probe", "name": "orders"}'


@pytest.mark.parametrize(("answer", "tripped"), [(False, True), (None, True), (True, False)])
def test_a_probe_guardrail_trips_when_it_fails_or_stays_silent(answer, tripped):
    stage = Stage(replace(SCENARIO, guardrails=(Guardrail(probe=PROBE, every=2.0),)))
    stage.at(20, lambda s: s.probes.answers.update({PROBE: answer}))
    found = stage.play().first(ev.GuardrailTripped)
    assert (found.fact.guardrail if found else "") == ("probe orders" if tripped else "")


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


def test_injects_are_sent_at_their_moments_unless_their_milestone_is_reached():
    injects = (
        Inject(after=10, message="Support: customers can't pay."),
        Inject(after=20, hint="Look at the queries.", cost=5, unless="detected"),
        Inject(after=30, users=50),
    )
    stage = Stage(replace(SCENARIO, injects=injects)).say(20, ev.IncidentAcknowledged())
    history = stage.play()
    assert [sent.fact.index for sent in history.each(ev.InjectSent)] == [0, 2]
    assert history.first(ev.InjectSkipped).fact.index == 1
    assert stage.users.users == 50
    assert "customers can't pay" in history.first(ev.InjectSent).fact.text


def test_what_was_said_before_the_fault_keeps_no_inject_from_being_sent():
    """An acknowledgement in the baseline proves nothing: the judge calls that drill undetected."""
    call = (Inject(after=10, message="Support calls", unless="detected"),)
    early = Stage(replace(SCENARIO, injects=call)).say(1, ev.IncidentAcknowledged())
    history = early.say(1.5, ev.IncidentDeclared(severity=Severity.P2)).say(40, ev.EndRequested()).play()
    assert history.first(ev.IncidentDeclared).at < history.first(ev.FaultInjected).at
    assert [one.fact.text for one in history.each(ev.InjectSent)] == ["Support calls"]
    assert history.first(ev.InjectSkipped) is None


SCRIPT = ResponderScript(
    responder="auto",
    acts_as=Party.AUTOMATION,
    steps=(
        ResponderStep(when=When(milestone="impact_started"), after=2.0, do=Do(ack=True)),
        ResponderStep(do=Do(declare=Severity.P2, commander="on-call")),
        ResponderStep(when=When(alert="Never", within=3.0), do=Do(note="not reached")),
        ResponderStep(do=Do(command=("nonsense",))),
        ResponderStep(do=Do(command=("mend",))),
        ResponderStep(when=When(milestone="recovered"), do=Do(mark="recovered")),
    ),
)


def test_a_responder_script_plays_the_team_and_goes_on_after_failures():
    history = Stage(AUTOMATION, script=SCRIPT).play()
    assert history.first(ev.IncidentDeclared).fact.commander == "on-call"
    assert [failed.fact.step for failed in history.each(ev.ResponderFailed)] == [3, 4]
    assert [taken.fact.action for taken in history.each(ev.ActionTaken)] == ["nonsense", "mend"]
    assert history.first(ev.ResponseEnded).fact.why == "recovered"


def test_what_a_script_does_is_written_under_its_name():
    history = Stage(AUTOMATION, script=SCRIPT).play()
    acked = history.first(ev.IncidentAcknowledged).event
    assert (acked.source, acked.by) == ("responder", "auto")


def test_the_trail_is_followed_while_the_team_responds():
    stage = Stage()
    action = ev.ActionTaken(action="flag off", via="trail", actor="team")
    stage.at(20, lambda s: s.trail.actions.append(action))
    history = stage.play()
    assert action in [taken.fact for taken in history.each(ev.ActionTaken)]


def test_every_fact_is_heard_once_by_the_screen():
    stage = Stage(AUTOMATION).at(MENDED, mend)
    history = stage.play()
    assert sorted(event.id for event in stage.heard) == sorted(event.id for event in history.events)


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


def test_a_store_that_takes_nothing_for_a_while_ends_the_drill():
    stage = Stage().at(20, lambda s: setattr(s.store, "degraded", lambda: "the disk is full"))
    history = stage.play()
    assert history.first(ev.AbortRequested).fact == ev.AbortRequested(
        reason="store-lost", detail="the disk is full"
    )
    assert 25 <= stage.seconds(history, ev.AbortRequested) <= 26


def test_a_store_that_is_well_again_soon_ends_nothing():
    stage = Stage().at(20, lambda s: setattr(s.store, "degraded", lambda: "locked"))
    stage.at(23, lambda s: delattr(s.store, "degraded")).say(60, ev.EndRequested())
    assert how(stage.play()) == "completed"


def test_before_the_fault_a_busy_store_is_waited_for_and_nothing_is_injected_meanwhile():
    stage = Stage(AUTOMATION).at(1, lambda s: setattr(s.store, "degraded", lambda: "locked"))
    stage.at(15, lambda s: delattr(s.store, "degraded")).at(MENDED, mend)
    history = stage.play()
    assert 15 <= stage.seconds(history, ev.FaultRequested) <= 15.2
    assert how(history) == "completed"


def test_before_the_fault_a_store_that_is_lost_ends_the_drill_with_nothing_injected():
    stage = Stage().at(1, lambda s: setattr(s.store, "degraded", lambda: "the disk is full"))
    history = stage.play()
    assert history.first(ev.AbortRequested).fact.reason == "store-lost"
    assert 31 <= stage.seconds(history, ev.AbortRequested) <= 32
    assert history.first(ev.FaultRequested) is None


GRANT = ev.MilestoneMarked(milestone="contained", granted=True, lever="failed over to B")


def test_a_grant_reverts_the_fault_and_the_response_goes_on_until_recovery_is_marked():
    stage = Stage().say(20, GRANT).say(60, ev.MilestoneMarked(milestone="recovered"))
    history = stage.play()
    assert stage.seconds(history, ev.FaultReverted) == pytest.approx(20, abs=0.3)
    assert history.first(ev.RevertRequested).fact.why == "granted: failed over to B"
    assert history.first(ev.ResponseEnded).fact.why == "recovered"
    assert 60 <= stage.seconds(history, ev.ResponseEnded) <= 61
    assert stage.world.reverts == 1


def test_a_grant_credits_the_team_from_its_moment():
    stage = Stage(AUTOMATION).say(20, ev.IncidentAcknowledged()).say(30, GRANT)
    judged = result.judge(stage.play())
    contained = judged.milestones.by_name["contained"]
    assert (contained.basis, round(contained.at - stage.began)) == ("granted", 30)
    assert judged.milestones.by_name["recovered"].basis == "granted"
    assert judged.attribution.recovered_by == "team"
    assert not judged.milestones.interval("recover").censored


def test_a_keeper_that_fails_to_revert_for_a_grant_leaves_it_to_the_conductor():
    stage = Stage().say(20, GRANT).at(20, lambda s: setattr(s.keeper, "living", False))
    history = stage.play()
    assert exposure.open_faults(history) == ()
    assert not stage.world.fault


INJECTS = (Inject(after=30.0, message="Support calls", id="support"), Inject(after=60.0, users=20))


def test_the_facilitator_sends_an_inject_before_its_moment_and_it_is_sent_once():
    stage = Stage(replace(SCENARIO, injects=INJECTS)).say(10, ev.InjectAsked(index=1, send=True))
    history = stage.say(100, ev.EndRequested()).play()
    sent = [(one.fact.index, round(one.at - stage.began)) for one in history.each(ev.InjectSent)]
    assert sent == [(1, 10), (0, 35)]
    assert stage.users.users == 20


def test_the_facilitator_skips_an_inject_and_says_why():
    asked = ev.InjectAsked(index=0, send=False, why="they know already")
    history = Stage(replace(SCENARIO, injects=INJECTS)).say(12, asked).say(100, ev.EndRequested()).play()
    skipped = history.first(ev.InjectSkipped).fact
    assert (skipped.index, skipped.why) == (0, "the facilitator skipped it: they know already")
    assert [one.fact.index for one in history.each(ev.InjectSent)] == [1]


def test_an_inject_that_the_facilitator_sends_is_sent_though_it_would_be_needless():
    needless = (Inject(after=30.0, message="Support calls", unless="acknowledged"),)
    stage = Stage(replace(SCENARIO, injects=needless)).say(10, ev.IncidentAcknowledged())
    history = stage.say(15, ev.InjectAsked(index=0, send=True)).say(50, ev.EndRequested()).play()
    assert [one.fact.text for one in history.each(ev.InjectSent)] == ["Support calls"]


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
