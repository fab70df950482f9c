from dataclasses import replace

import pytest

from gameday.core.plans.scenario import Condition, Inject
from gameday.core.values import MilestoneName, Party, Verdict
from gameday.testing.histories import CHECKOUT, SCENARIO, Game, at, second
from tests.core.judging.derived import AFFECTED, CHECKOUTS, any_of, derived, one, ruled, seconds

N = MilestoneName


# --- noticing ------------------------------------------------------------------------------------


def test_nothing_is_reached_before_the_fault():
    assert all(found.at is None for found in derived(Game()).by_name.values())


def test_the_first_of_acknowledging_and_declaring_detects():
    assert seconds(AFFECTED.ack(at=25).declare("P2", at=20), N.DETECTED) == 20
    assert seconds(AFFECTED.ack(at=15).declare("P2", at=20), N.DETECTED) == 15


def test_what_was_said_before_the_fault_detects_nothing():
    assert seconds(AFFECTED.ack(at=5).declare("P2", at=6), N.DETECTED) is None


def test_detection_shows_what_was_observed_next_to_what_was_declared():
    found = one(AFFECTED.alert("HighApiLatency", 18).ack(at=25), N.DETECTED)
    assert (second(found.observed), second(found.declared), found.basis) == (18, 25, "declared")


def test_a_command_counts_when_it_was_started_not_when_it_was_recorded():
    assert seconds(AFFECTED.ack(at=15, known=16.2), N.ACKNOWLEDGED) == 15


def test_triage_is_a_declaration_and_a_commander_is_named_or_planned():
    game = AFFECTED.declare("P3", at=20).declare("P2", at=30, commander="ada")
    assert (seconds(game, N.TRIAGED), seconds(game, N.COMMANDER_ASSIGNED)) == (20, 30)
    planned = one(replace(game, commander="grace"), N.COMMANDER_ASSIGNED)
    assert (second(planned.at), planned.basis) == (20, "implied")


# --- containing and recovering -------------------------------------------------------------------


def test_recovery_is_observed_and_implies_containment():
    game = AFFECTED.over(at=80)
    rule = any_of(Condition(sign="marked"))
    assert (seconds(game, N.RECOVERED), one(game, N.RECOVERED).basis) == (60, "observed")
    implied = one(ruled(game, contained=rule), N.CONTAINED)
    assert (second(implied.at), implied.basis) == (60, "implied")


def test_a_click_on_recovered_while_users_still_affected_recovers_nothing():
    early = AFFECTED.bad(CHECKOUTS, 60, 120).mark("recovered", at=30)
    found = one(early, N.RECOVERED)
    assert found.at is None
    assert second(found.declared) == 30


def test_recovery_needs_an_impact():
    assert seconds(Game().fault(at=10).mark("recovered", at=30), N.RECOVERED) is None


def test_what_our_own_rollback_ended_is_not_recovered():
    found = one(AFFECTED.ended(at=58).revert(at=59), N.RECOVERED)
    assert found.at is None
    assert second(found.observed) == 60


def test_a_rollback_of_what_the_team_had_undone_takes_nothing_away():
    assert seconds(AFFECTED.ended(at=58).revert(at=59, how="already-undone"), N.RECOVERED) == 60


def test_containment_is_the_mark_or_four_good_requests_of_five():
    partly = Game().fault(at=10).bad(CHECKOUTS, 10, 40).bad(CHECKOUTS, 40, 70, share=0.1)
    assert seconds(partly, N.CONTAINED) == pytest.approx(40, abs=0.2)
    assert seconds(partly.mark("contained", at=50), N.CONTAINED) == pytest.approx(40, abs=0.2)
    assert seconds(partly, N.RECOVERED) == pytest.approx(70, abs=0.2)


def test_a_mark_of_containment_counts_once_users_requests_do_not_contradict_it():
    partly = Game().fault(at=10).bad(CHECKOUTS, 10, 40).bad(CHECKOUTS, 40, 70, share=0.1)
    early = one(partly.mark("contained", at=30), N.CONTAINED)
    assert (second(early.at), second(early.declared), early.basis) == (
        pytest.approx(40, abs=0.2),
        30,
        "declared",
    )
    before = Game().fault(at=10).mark("contained", at=12).bad(CHECKOUTS, 15, 40)
    assert seconds(before, N.CONTAINED) == pytest.approx(40, abs=0.2)
    never = Game().fault(at=10).bad(CHECKOUTS, 10, 90).mark("contained", at=20)
    assert seconds(never.ended(80).revert(81), N.CONTAINED) is None
    relapse = Game().fault(at=10).bad(CHECKOUTS, 10, 30).bad(CHECKOUTS, 50, 60).mark("contained", at=35)
    assert seconds(relapse, N.CONTAINED) == pytest.approx(60, abs=0.2)
    shortly = Game().fault(at=10).bad(CHECKOUTS, 10, 70).mark("contained", at=72)  # not held for 10 s
    assert seconds(shortly.ended(74).revert(74), N.CONTAINED) == 72


def test_a_mark_of_containment_is_taken_at_its_word_where_requests_can_not_tell():
    unseen = Game().fault(at=10).silent(CHECKOUTS, 10, 110).mark("contained", at=30)
    assert seconds(unseen, N.CONTAINED) == 30
    lost = Game().fault(at=10).bad(CHECKOUTS, 10, 110).mark("contained", at=30).lost_load(40)
    assert (one(lost, N.CONTAINED).at, one(lost, N.CONTAINED).known) == (None, False)


def test_one_judged_slo_is_enough_to_contradict_a_mark_of_containment():
    both = replace(SCENARIO, slos=(CHECKOUT, replace(CHECKOUT, slo="search", request="GET /search")))
    game = Game(scenario=both).fault(at=10).bad(CHECKOUTS, 10, 90).mark("contained", at=20)
    assert seconds(game.ended(80).revert(81), N.CONTAINED) is None


def test_a_contradicted_mark_leaves_the_other_conditions_of_its_rule():
    rule = any_of(Condition(sign="marked"), Condition(probe="breaker"))
    game = Game().fault(at=10).bad(CHECKOUTS, 10, 90).mark("contained", at=20).probe("breaker", 40, ok=True)
    assert seconds(ruled(game.ended(80).revert(81), contained=rule), N.CONTAINED) == 40


def test_a_mark_of_containment_after_our_rollback_contains_nothing():
    assert (
        seconds(AFFECTED.bad(CHECKOUTS, 60, 120).revert(at=40).mark("contained", at=50), N.CONTAINED) is None
    )


def test_a_grant_credits_containment_at_once_and_recovery_when_users_are_healthy():
    game = AFFECTED.mark("recovered", at=50, granted=True).revert(at=51).ended(at=75)
    contained, recovered = one(game, N.CONTAINED), one(game, N.RECOVERED)
    assert (second(contained.at), contained.basis) == (50, "granted")
    assert (second(recovered.at), recovered.basis) == (60, "granted")


def test_a_granted_mitigation_is_no_mark_of_anybody_and_is_not_censored():
    game = AFFECTED.mark("contained", at=50, granted=True).revert(at=51).ended(at=75)
    contained, recovered = one(game, N.CONTAINED), one(game, N.RECOVERED)
    assert (second(contained.at), contained.basis, contained.declared) == (50, "granted", None)
    assert (second(recovered.at), recovered.basis) == (60, "granted")
    recover = game.result().milestones.interval("recover")
    assert (recover.censored, recover.seconds) == (False, pytest.approx(50, abs=0.2))


def test_a_grant_after_the_team_recovered_by_itself_takes_nothing_away():
    game = Game().trail(at=1).fault(at=10).bad(CHECKOUTS, 10, 40)
    granted = game.mark("contained", at=70, granted=True).revert(at=71).ended(at=80)
    assert (seconds(granted, N.RECOVERED), one(granted, N.RECOVERED).basis) == (40, "observed")


def test_a_grant_recovers_nothing_where_nobody_was_affected():
    calm = Game().fault(at=10).mark("contained", at=50, granted=True).revert(at=51).ended(at=75)
    assert one(calm, N.RECOVERED).at is None


def test_verified_is_the_steady_state_and_a_mark_only_where_that_could_not_be_judged():
    assert seconds(AFFECTED.verified(at=90), N.VERIFIED) == 90
    assert seconds(AFFECTED.mark("verified", at=85).verified(at=90, met=False), N.VERIFIED) is None
    assert seconds(AFFECTED.mark("verified", at=85).verified(at=90, met=None), N.VERIFIED) == 85


# --- intervals and chains ------------------------------------------------------------------------


def test_all_intervals_run_from_the_start_of_impact():
    late = Game().fault(at=10).bad(CHECKOUTS, 20, 60).ack(at=30).over(at=80)
    found = derived(late)
    assert [interval.seconds for interval in found.intervals] == [10, 40, 40]
    assert {interval.start for interval in found.intervals} == {N.IMPACT_STARTED}


def test_where_nobody_was_affected_detection_runs_from_the_fault_and_the_rest_does_not_apply():
    found = derived(Game().fault(at=10).ack(at=30).over(at=80))
    detect = found.interval("detect")
    assert (detect.seconds, detect.start) == (20, N.FAULT_INJECTED)
    assert [found.interval(name).applies for name in ("contain", "recover")] == [False, False]


def test_detection_before_users_are_affected_takes_no_time():
    assert derived(Game().fault(at=10).bad(CHECKOUTS, 20, 60).ack(at=12)).interval("detect").seconds == 0


def test_what_our_rollback_ended_is_censored():
    recover = derived(AFFECTED.ended(at=58).revert(at=59)).interval("recover")
    assert (recover.seconds, recover.censored, recover.at_least) == (None, True, 48)
    assert recover.verdict is Verdict.UNKNOWN


def test_a_censored_time_beyond_the_objective_is_missed():
    goals = replace(SCENARIO.objectives, recover=30.0)
    game = replace(AFFECTED, scenario=replace(SCENARIO, objectives=goals))
    assert derived(game.ended(at=58).revert(at=59)).interval("recover").verdict is Verdict.MISSED


def test_an_open_drill_has_unknown_intervals_not_censored_ones():
    detect = derived(AFFECTED).interval("detect")
    assert (detect.seconds, detect.censored, detect.verdict) == (None, False, Verdict.UNKNOWN)


def test_the_chains_tell_where_the_time_went():
    game = AFFECTED.alert("HighApiLatency", 18, condition=14, delivered=19).ack(at=25).declare("P2", at=32)
    links = derived(game.action("flag off", at=58).over(at=80)).chain
    told = [(link.chain, link.name, round(link.seconds, 3), link.earlier) for link in links]
    assert told == [
        ("detect", "users affected → alert condition true", 4, False),
        ("detect", "alert condition true → alert delivered", 5, False),
        ("detect", "alert delivered → acknowledged", 6, False),
        ("contain", "users affected → acknowledged", 15, True),
        ("contain", "acknowledged → declared", 7, False),
        ("contain", "declared → first action", 26, False),
        ("contain", "first action → contained", 2, False),
        ("recover", "users affected → contained", 50, True),
        ("recover", "contained → recovered", 0, False),
    ]


def test_a_chain_holds_nothing_from_outside_its_interval():
    late = AFFECTED.alert("HighApiLatency", 30, delivered=45).ack(at=20).declare("P2", at=70).over(at=80)
    links = derived(late.action("flag off", at=75)).chain
    assert [(link.name, link.seconds) for link in links] == [
        ("users affected → acknowledged", 10),
        ("users affected → acknowledged", 10),
        ("acknowledged → contained", 40),
        ("users affected → contained", 50),
        ("contained → recovered", 0),
    ]


def test_what_was_cut_off_is_accounted_for_up_to_the_cut():
    links = derived(AFFECTED.ack(at=20).ended(at=40).revert(at=41)).chain
    assert [(link.chain, link.name, link.seconds) for link in links][1:] == [
        ("contain", "users affected → acknowledged", 10),
        ("contain", "acknowledged → contained, not reached", 20),
        ("recover", "users affected → recovered, not reached", 30),
    ]


def test_the_delay_of_the_fault_is_no_part_of_a_time():
    slow = Game().fault(at=10).bad(CHECKOUTS, 50, 70).ack(at=55).over(at=80)
    assert not any("fault" in link.name for link in derived(slow).chain)


def test_a_chain_leaves_out_what_nobody_reported_and_ends_where_nothing_followed():
    game = Game().fault(at=10).bad(CHECKOUTS, 10, 120).alert("HighApiLatency", 18)
    links = [link for link in derived(game).chain if link.chain == "detect"]
    assert [link.name for link in links][-2:] == [
        "users affected → alert delivered",
        "alert delivered → detected",
    ]
    assert links[-1].seconds is None


def test_a_tabletop_runs_from_its_first_inject_by_what_people_mark():
    scenario = replace(SCENARIO, experiment="", slos=(), load=None, injects=(Inject(after=5, message="x"),))
    game = Game(scenario=scenario, requests=()).inject(0, at=5).ack(at=15).mark("contained", at=45)
    found = derived(game.mark("recovered", at=65))
    assert [interval.seconds for interval in found.intervals] == [10, 40, 60]
    assert found.by_name[N.FAULT_INJECTED].basis == "implied"


def test_evidence_names_events_of_the_history():
    game = AFFECTED.alert("HighApiLatency", 18).ack(at=25).declare("P2", at=30, commander="a").over(at=80)
    known = {event.id for event in game.history().events}
    for found in derived(game).by_name.values():
        assert found.evidence
        assert set(found.evidence) <= known


def test_an_observed_instant_lies_in_its_interval():
    for found in derived(AFFECTED.over(at=80)).by_name.values():
        if found.earliest is not None:
            assert found.earliest <= found.at <= found.latest
    assert one(AFFECTED, N.IMPACT_STARTED).at == at(10)


# --- noticed by acting ---------------------------------------------------------------------------


def test_who_acts_before_anything_is_stated_has_noticed():
    acted = AFFECTED.trail(at=1).action("flag off", at=15)
    assert (seconds(acted.ack(at=20), "detected"), one(acted, "detected").basis) == (15, "implied")
    assert seconds(acted.ack(at=12), "detected") == 12
    assert one(AFFECTED.trail(at=1).action("kubectl get pods", at=15), "detected").at is None


def test_a_ticked_step_or_a_mark_shows_that_somebody_noticed():
    assert seconds(AFFECTED.trail(at=1).step("s1", at=15).action("flag off", at=20), "detected") == 15
    assert seconds(AFFECTED.mark("contained", at=30).mark("recovered", at=70), "detected") == 30


def test_an_act_of_its_automation_does_not_show_that_a_team_noticed():
    healed = AFFECTED.trail(at=1).action("restart", at=15, actor="bot")
    assert one(healed, "detected").at is None
    assert seconds(healed.action("flag off", at=40), "detected") == 40
    automatic = replace(AFFECTED.scenario, responders=Party.AUTOMATION)
    assert seconds(replace(healed, scenario=automatic), "detected") == 15


def test_what_nobody_could_notice_by_acting_is_not_detected_by_an_act():
    alone = replace(AFFECTED, scenario=replace(AFFECTED.scenario, responders=Party.NONE))
    assert one(alone.action("restart", at=15), "detected").at is None
