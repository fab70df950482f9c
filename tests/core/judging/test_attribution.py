from dataclasses import replace

import pytest

from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Cap, Playbook, PlaybookStep
from gameday.core.values import Outcome, Party, RecoveredBy, format_duration
from gameday.testing.histories import CHECKOUT, FAULT, SCENARIO, SCORECARD, Game

CHECKOUTS = "POST /checkout"
HURT = Game().trail(at=1).fault(at=10).bad(CHECKOUTS, 10, 60)
BLIND = Game().fault(at=10).bad(CHECKOUTS, 10, 60)
CALM = Game().fault(at=10)


def who(game):
    return game.result().attribution.recovered_by


def outcome(game):
    return game.result().attribution.outcome


def test_the_team_recovered_what_it_acted_on_last():
    found = HURT.action("flag off", at=59).over(at=80).result().attribution
    assert found.recovered_by is RecoveredBy.TEAM
    assert "“flag off”, taken 1.0 s before" in found.why
    assert found.evidence


@pytest.mark.parametrize("actor", ["automation:shop", "bot-7", "automation"])
def test_an_actor_that_is_named_as_an_automation_is_one(actor):
    assert who(HURT.action("flag off", at=59, actor=actor).over(at=80)) is RecoveredBy.AUTOMATION


def test_a_scripted_responder_is_what_it_plays_as():
    scripted = HURT.action("flag off", at=59, via="responder", actor="script").over(at=80)
    as_team = replace(scripted, responder="script", responder_as=Party.TEAM)
    as_automation = replace(scripted, responder="script", responder_as=Party.AUTOMATION)
    assert who(as_team) is RecoveredBy.TEAM
    assert who(as_automation) is RecoveredBy.AUTOMATION


def test_the_experiments_own_actions_are_nobodys():
    assert who(HURT.action("fault on", at=10, actor="fault:slow").over(at=80)) is RecoveredBy.ITSELF


def test_a_command_that_failed_recovered_nothing():
    assert who(HURT.action("flag off", at=59, exit_code=1).over(at=80)) is RecoveredBy.ITSELF


def test_what_was_done_after_users_were_well_recovered_nothing():
    assert who(HURT.action("flag off", at=65).over(at=80)) is RecoveredBy.ITSELF


def test_itself_is_reported_only_where_a_watched_trail_shows_that_nobody_acted():
    assert who(HURT.over(at=80)) is RecoveredBy.ITSELF
    assert who(BLIND.over(at=80)) is RecoveredBy.UNCLEAR
    lost = HURT.trail(at=30, readable=False).over(at=80)
    assert who(lost) is RecoveredBy.UNCLEAR
    assert who(lost.trail(at=75)) is RecoveredBy.ITSELF
    assert who(BLIND.trail(at=11).over(at=80)) is RecoveredBy.ITSELF


def test_without_a_trail_a_step_a_mark_or_the_review_tells():
    assert who(BLIND.step("flag-off", at=50).over(at=80)) is RecoveredBy.TEAM
    assert who(BLIND.mark("contained", at=50).over(at=80)) is RecoveredBy.TEAM
    assert who(BLIND.over(at=80).answer("fix", "flag off", at=99)) is RecoveredBy.TEAM
    assert who(BLIND.mark("recovered", at=70).over(at=80)) is RecoveredBy.UNCLEAR


def test_what_was_seen_stands_over_what_was_said():
    game = HURT.step("flag-off", at=50).over(at=80)
    assert who(game) is RecoveredBy.ITSELF
    assert who(game.action("restart", at=55, actor="bot")) is RecoveredBy.AUTOMATION


def test_our_own_rollback_recovers_for_nobody():
    found = HURT.action("flag off", at=50).ended(at=58).revert(at=59).result().attribution
    assert (found.recovered_by, found.outcome) == (RecoveredBy.ROLLBACK, Outcome.DETECTED)
    assert "after our own rollback" in found.why


def test_an_impact_that_ended_in_the_moment_of_our_rollback_was_ended_by_it():
    found = HURT.ended(at=59).revert(at=60.05).result().attribution
    assert found.recovered_by is RecoveredBy.ROLLBACK
    assert found.why == "Users were affected until our own rollback."


def test_a_recovery_too_near_to_our_rollback_is_unclear():
    assert who(HURT.action("flag off", at=59).ended(at=61).revert(at=62)) is RecoveredBy.UNCLEAR


def test_a_grant_credits_the_team_and_says_which_mitigation_was_lacking():
    marked = ev.MilestoneMarked(milestone="contained", granted=True, lever="failed over to B")
    found = HURT.add(marked, at=50).revert(at=51).ended(at=75).result().attribution
    assert (found.recovered_by, found.outcome) == (RecoveredBy.TEAM, Outcome.RECOVERED)
    assert "“failed over to B”" in found.why


def test_a_grant_credits_the_team():
    assert who(HURT.mark("recovered", at=50, granted=True).revert(at=51).ended(at=75)) is RecoveredBy.TEAM


def test_nobody_recovered_what_still_affecteds():
    assert who(HURT.bad(CHECKOUTS, 60, 120).ended(at=119)) is RecoveredBy.NONE


def test_the_outcome_is_the_furthest_milestone():
    still = HURT.bad(CHECKOUTS, 60, 120)
    assert outcome(HURT.over(at=80)) is Outcome.RECOVERED
    # a mark that users' requests contradict contains nothing
    assert outcome(still.mark("contained", at=50)) is Outcome.DETECTED
    half = Game().fault(at=10).bad(CHECKOUTS, 10, 120, share=0.1)
    assert outcome(half.mark("contained", at=50)) is Outcome.CONTAINED
    assert outcome(still.ack(at=50)) is Outcome.DETECTED
    assert outcome(still) is Outcome.UNDETECTED


def test_a_fault_that_affected_nobody_was_absorbed_or_had_no_effect_or_nobody_knows():
    assert outcome(CALM.exposed(at=11, exposed=True).over(at=80)) is Outcome.ABSORBED
    assert outcome(CALM.exposed(at=11, exposed=False).over(at=80)) is Outcome.NO_EFFECT
    assert outcome(CALM.exposed(at=11, exposed=None).over(at=80)) is Outcome.UNKNOWN
    assert outcome(CALM.over(at=80)) is Outcome.UNKNOWN


def test_what_shows_before_the_revert_was_changed_all_the_same():
    later = CALM.exposed(at=79, exposed=True, stage="before-revert")
    assert later.over(at=80).result().attribution.changed is True
    assert (
        CALM.exposed(at=11, exposed=False)
        .exposed(79, exposed=False, stage="before-revert")
        .over(at=80)
        .result()
        .attribution.changed
        is False
    )
    # by then the response may have undone it
    assert (
        CALM.exposed(79, exposed=False, stage="before-revert").over(at=80).result().attribution.changed
        is None
    )
    steady = CALM.add(ev.SteadyStateChecked(stage="before", met=True), at=5)
    deviated = steady.add(ev.SteadyStateChecked(stage="after-method", met=False), at=70).over(at=80)
    assert (deviated.result().attribution.changed, outcome(deviated)) == (True, Outcome.UNKNOWN)
    assert "the steady state was not met after the method" in deviated.result().attribution.why


def test_a_fault_whose_sign_was_seen_is_not_said_to_have_changed_nothing():
    alarmed = CALM.exposed(at=11, exposed=False).alert("HighApiLatency", 20).over(at=80)
    assert outcome(alarmed) is Outcome.UNKNOWN
    assert "the expected alert HighApiLatency fired" in alarmed.result().score.why


def test_users_that_were_affected_show_that_the_fault_changed_something():
    assert HURT.exposed(at=11, exposed=False).over(at=80).result().attribution.changed is True


def test_a_fault_is_not_absorbed_where_nobody_could_see_users():
    unseen = replace(CALM, requests=("GET /",)).exposed(at=11, exposed=True).over(at=80)
    assert outcome(unseen) is Outcome.UNKNOWN


def test_a_drill_that_was_aborted_or_could_not_start_says_so():
    assert outcome(HURT.abort(at=30)) is Outcome.ABORTED
    assert outcome(HURT.abort(at=30).revert(at=31).close(at=40, how="aborted")) is Outcome.ABORTED
    assert outcome(Game().close(at=20, how="not-ready")) is Outcome.FAILED
    assert outcome(Game().close(at=20)) is Outcome.FAILED


def test_an_abort_that_came_after_closing_changes_nothing():
    assert outcome(HURT.over(at=80).abort(at=200)) is Outcome.RECOVERED


def test_where_both_parties_acted_the_last_action_before_users_were_well_decides():
    both = HURT.action("restart", at=40, actor="bot").action("flag off", at=59).over(at=80)
    found = both.result().attribution
    assert found.recovered_by is RecoveredBy.TEAM
    assert "1 of 2 actions were not" in found.why


def thin(rate):
    """Give a drill of an automation with few requests a second, whose probe shows that the target changed."""
    game = Game(rate=rate, scenario=replace(SCENARIO, responders=Party.AUTOMATION))
    return game.fault(at=30).exposed(at=31, exposed=True)


@pytest.mark.parametrize(
    "game",
    [
        thin(1).bad("POST /checkout", 30, 43),  # 13 of 13 fail, in windows of at most 5
        thin(1).bad("POST /checkout", 30, 60, share=0.5),
        thin(1).hung("POST /checkout", 30, 43),
        thin(1),  # nothing fails, but no window could have shown it
        thin(100).silent("POST /checkout", 30, 60),
        thin(100).silent("POST /checkout", 33, 57),
    ],
)
def test_an_outage_that_no_window_could_show_is_not_absorbed(game):
    found = game.over(at=60).close(80).result()
    assert found.attribution.outcome is Outcome.UNKNOWN
    assert (found.score.verdict, found.score.points) == ("insufficient-evidence", None)
    assert "checkout-latency" in found.score.why


def test_what_the_scenario_takes_as_a_sign_of_the_fault_contradicts_that_it_was_absorbed():
    calm = (
        Game(scenario=replace(SCENARIO, responders=Party.AUTOMATION)).fault(at=10).exposed(11, exposed=True)
    )
    assert outcome(calm.over(at=60)) is Outcome.ABSORBED
    assert outcome(calm.alert("SomethingElse", at=15).over(at=60)) is Outcome.ABSORBED
    found = calm.alert("HighApiLatency", at=15).over(at=60).result()
    assert found.attribution.outcome is Outcome.UNKNOWN
    assert "the expected alert HighApiLatency fired" in found.score.why


def test_where_no_action_of_the_method_succeeded_nothing_was_absorbed():
    calm = Game().fault(at=10).exposed(11, exposed=True)
    failed, done = (
        ev.ActivityFinished(fault=FAULT, stage="method", activity="break it", kind="action", status=status)
        for status in ("failed", "succeeded")
    )
    assert outcome(calm.add(failed, at=11).over(at=60)) is Outcome.UNKNOWN
    assert outcome(calm.add(failed, at=11).add(done, at=12).over(at=60)) is Outcome.ABSORBED


# --- who ended it ---------------------------------------------------------------------------------

LOOK = "kubectl get pods"


def long(until=800, rate=5):
    """Give a drill whose users are affected for most of its length, watched by a trail."""
    return Game(rate=rate, until=until + 140).trail(at=1).fault(at=10).bad(CHECKOUTS, 10, until)


@pytest.mark.parametrize("via", ["trail", "responder"])
@pytest.mark.parametrize("command", [LOOK, "shop trail", "psql -c 'select 1'"])
def test_a_command_that_only_looks_recovered_nothing(command, via):
    found = HURT.action(command, at=59, via=via).over(at=80).result()
    assert found.attribution.recovered_by is RecoveredBy.ITSELF
    assert f"such as “{command}”, change nothing" in found.attribution.why
    blind = BLIND.action(command, at=59, via=via).over(at=80)
    assert who(blind) is RecoveredBy.UNCLEAR


def test_the_caps_apply_to_a_team_that_only_looked():
    card = replace(SCORECARD, caps=(Cap(when="itself", at_most=10),))
    looked = replace(HURT, scorecard=card).ack(at=15).declare("P2", at=20).action(LOOK, at=59).over(at=80)
    assert looked.result().score.caps == ("itself",)
    assert looked.action("flag off", at=59).result().score.caps == ()


def test_looking_after_the_fix_takes_nothing_from_whoever_fixed_it():
    fixed = HURT.action("flag off", at=50, actor="bot").action(LOOK, at=59).action("x", at=59.5, exit_code=1)
    assert who(fixed.over(at=80)) is RecoveredBy.AUTOMATION


@pytest.mark.parametrize(
    ("gap", "by"), [(30, "team"), (100, "team"), (299, "team"), (301, "unclear"), (600, "unclear")]
)
def test_the_longer_an_act_lies_back_the_less_it_explains(gap, by):
    found = long(rate=20).action("flag off", at=800 - gap).over(at=820).result().attribution
    assert found.recovered_by == by
    doubted = "would be better evidence" in found.why or "too long" in found.why
    assert doubted == (gap > 60)
    assert format_duration(gap) in found.why


def test_an_act_whose_effect_began_soon_is_no_doubtful_one():
    eased = Game(rate=10, until=540).trail(at=1).fault(at=10).bad(CHECKOUTS, 10, 60)
    found = (
        eased.bad(CHECKOUTS, 60, 500, share=0.1).action("scale up", at=58).over(at=520).result().attribution
    )
    assert found.recovered_by is RecoveredBy.TEAM
    assert "2.0 s before users were better off, and later healthy again" in found.why


def test_where_windows_are_long_an_act_may_take_longer():
    slow = replace(SCENARIO, slos=(replace(CHECKOUT, window=120.0),))
    game = replace(long(), scenario=slow).action("flag off", at=800 - 500)
    assert who(game.over(at=930)) is RecoveredBy.TEAM


def test_what_was_reported_long_before_is_no_evidence_either():
    blind = Game(rate=5, until=840).fault(at=10).bad(CHECKOUTS, 10, 800)
    assert who(blind.step("flag-off", at=700).over(at=820)) is RecoveredBy.TEAM
    assert who(blind.step("flag-off", at=100).over(at=820)) is RecoveredBy.UNCLEAR
    acted = blind.action("restart", at=100, via="responder")
    assert who(acted.over(at=820)) is RecoveredBy.UNCLEAR
    assert who(acted.over(at=820).answer("fix", "Support failed over.", at=830)) is RecoveredBy.TEAM


@pytest.mark.parametrize(
    "actor",
    [
        "system:serviceaccount:kube-system:replicaset-controller",
        "system:node:n1",
        "cluster-autoscaler",
        "watchdog",
    ],
)
def test_what_a_controller_healed_was_healed_by_itself(actor):
    found = HURT.action("create pod checkout-2", at=58, actor=actor).over(at=80).result()
    assert found.attribution.recovered_by is RecoveredBy.ITSELF
    assert "“create pod checkout-2”, was a controller's own" in found.attribution.why


@pytest.mark.parametrize("actor", ["system:admin", "kubernetes-admin", "operator", "on-call"])
def test_an_administrator_is_a_person(actor):
    assert who(HURT.action("create pod", at=58, actor=actor).over(at=80)) is RecoveredBy.TEAM


def test_what_a_controller_does_after_the_team_is_the_teams():
    scaled = HURT.action("kubectl scale deploy/checkout --replicas=5", at=55)
    assert who(scaled.action("create pod", at=57, actor="system:node:n1").over(at=80)) is RecoveredBy.TEAM
    nearer = HURT.action("restart cache", at=20).action("scale 3 to 6", at=55, actor="cluster-autoscaler")
    found = nearer.over(at=80).result().attribution
    assert found.recovered_by is RecoveredBy.UNCLEAR
    assert "“scale 3 to 6”, closer to the recovery" in found.why
    old = long().action("restart cache", at=20).action("create pod", at=798, actor="system:node:n1")
    assert who(old.over(at=820)) is RecoveredBy.ITSELF


def test_a_step_that_only_looks_is_no_act():
    text = "1. Look: `kubectl get pods`\n2. Stop it: `flag off`\n"
    steps = (PlaybookStep(id="look", text="Look", line=1), PlaybookStep(id="stop", text="Stop it", line=2))
    blind = replace(BLIND, playbook=Playbook(path="playbooks/x.md", text=text, steps=steps))
    assert who(blind.step("look", at=50).over(at=80)) is RecoveredBy.UNCLEAR
    assert who(blind.step("stop", at=50).over(at=80)) is RecoveredBy.TEAM
