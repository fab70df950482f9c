"""What proves a milestone: signs by their first, states by how long they held up to our rollback."""

from dataclasses import replace

from gameday.core.judging import conditions
from gameday.core.plans.scenario import Condition
from gameday.core.values import MilestoneName, Verdict
from gameday.testing.histories import Game, second
from tests.core.judging.derived import AFFECTED, CHECKOUTS, all_of, any_of, derived, one, ruled, seconds

N = MilestoneName


def test_a_scenario_may_ask_for_both_to_detect():
    rule = all_of(Condition(sign="acknowledged"), Condition(sign="declared"))
    assert seconds(ruled(AFFECTED, detected=rule).ack(at=15).declare("P2", at=20), N.DETECTED) == 20
    assert seconds(ruled(AFFECTED, detected=rule).ack(at=15), N.DETECTED) is None


def test_acknowledging_an_alert_that_was_firing_before_the_fault_detects_nothing():
    assert seconds(AFFECTED.alert("DiskFull", 2).ack(at=20, alert="DiskFull"), N.DETECTED) is None


def test_an_alert_may_be_a_scenarios_rule_of_detection():
    rule = any_of(Condition(alert="HighApiLatency", state="firing"))
    found = one(ruled(AFFECTED, detected=rule).alert("HighApiLatency", 18, delivered=30), N.DETECTED)
    assert (second(found.at), found.basis) == (18, "observed")


def test_where_a_mark_is_the_rule_it_counts_only_once_users_are_healthy():
    marked = ruled(AFFECTED, recovered=any_of(Condition(sign="marked")))
    assert seconds(marked.mark("recovered", at=30), N.RECOVERED) == 60
    assert seconds(marked.mark("recovered", at=70), N.RECOVERED) == 70


def test_a_relapse_moves_the_recovery():
    assert seconds(AFFECTED.bad(CHECKOUTS, 75, 90), N.RECOVERED) == 90


def test_recovery_must_hold_as_long_as_the_rule_says():
    assert seconds(replace(AFFECTED, until=69.0), N.RECOVERED) is None
    assert seconds(replace(AFFECTED, until=71.0), N.RECOVERED) == 60


def test_trouble_that_our_own_rollback_makes_does_not_move_the_recovery():
    assert seconds(AFFECTED.ended(at=80).revert(at=81).bad(CHECKOUTS, 81.5, 85), N.RECOVERED) == 60


def test_a_recovery_within_a_window_of_our_rollback_is_too_short_to_tell():
    assert seconds(AFFECTED.ended(at=61).revert(at=62), N.RECOVERED) is None
    assert seconds(AFFECTED.ended(at=65).revert(at=66), N.RECOVERED) == 60


def test_a_probe_proves_recovery_from_the_last_time_it_turned_true():
    rule = all_of(Condition(probe="{}"))
    game = ruled(AFFECTED, recovered=rule)
    for moment, ok in ((20, True), (30, False), (62, True), (64, None), (66, True)):
        game = game.probe("{}", moment, ok=ok)
    assert seconds(game, N.RECOVERED) == 62


def test_an_alert_that_resolved_and_fired_again_proves_nothing():
    game = ruled(AFFECTED, recovered=any_of(Condition(alert="Slow", state="resolved"))).alert("Slow", 18)
    resolved = game.resolve("Slow", 65, fired=18)
    assert seconds(resolved, N.RECOVERED) == 65
    assert seconds(resolved.alert("Slow", 70), N.RECOVERED) is None


def test_without_load_nobody_can_tell_whether_users_recovered():
    lost = AFFECTED.lost_load(at=40)
    found = derived(lost.ended(at=100).close(at=101))
    assert found.by_name[N.RECOVERED].known is False
    assert found.interval("recover").verdict is Verdict.UNKNOWN


def test_what_was_never_worse_than_the_bar_is_contained_only_if_it_was_seen_for_long_enough():
    bar = any_of(Condition(slo="*", at_least=0.3, lasting=10.0))
    mild = ruled(Game().fault(at=10).bad(CHECKOUTS, 10, 60, share=0.5), contained=bar)
    assert seconds(mild.over(at=80), N.CONTAINED) == 10
    lost = derived(mild.lost_load(at=15).revert(at=16).close(at=17))
    assert lost.by_name[N.CONTAINED].at is None
    assert lost.interval("contain").verdict is Verdict.UNKNOWN
    assert seconds(mild.ended(at=10.5).revert(at=11).close(at=80), N.CONTAINED) is None


def signs(game, sign, milestone=N.DETECTED):
    history = game.history()
    began = conditions.began(history)
    return [second(fact.at) for fact in conditions.signs(history, sign, milestone, began.at)]


def test_a_grant_is_no_sign_of_the_teams():
    game = AFFECTED.mark("contained", at=50, granted=True).mark("contained", at=55)
    assert signs(game, "marked", N.CONTAINED) == [55]
    assert [second(grant.at) for grant in conditions.grants(game.history(), 0.0)] == [50]


def test_a_mark_of_noticing_acknowledges_as_a_command_does():
    assert signs(AFFECTED.mark("detected", at=20).ack(at=25), "acknowledged") == [25, 20]
    assert signs(AFFECTED.mark("recovered", at=20), "acknowledged") == []


def test_an_alert_that_was_firing_before_the_fault_has_no_states():
    game = (
        AFFECTED.alert("Slow", 5).alert("Slow", 18).resolve("Slow", 30, fired=18).resolve("Slow", 40, fired=5)
    )
    states = conditions.alert_states(game.history(), conditions.began(game.history()).at, "Slow")
    assert [(second(fact.at), state) for fact, state in states] == [(18, "firing"), (30, "resolved")]


def test_a_condition_that_nobody_judged_is_unknown_rather_than_unmet():
    never_asked = all_of(Condition(probe="{}"))
    assert one(ruled(AFFECTED, recovered=never_asked), N.RECOVERED).known is False
    either = any_of(Condition(probe="{}"), Condition(sign="marked"))
    assert seconds(ruled(AFFECTED, recovered=either).mark("recovered", at=70), N.RECOVERED) == 70
