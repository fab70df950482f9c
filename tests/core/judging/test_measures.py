from dataclasses import replace

import pytest

from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Criterion, Objectives, Playbook, PlaybookStep
from gameday.core.values import MilestoneName, Outcome, Party
from gameday.testing.histories import SCENARIO, SCORECARD, Game

CHECKOUTS = "POST /checkout"
HURT = Game().trail(at=1).fault(at=10).bad(CHECKOUTS, 10, 60)
BRISK = replace(SCENARIO, objectives=Objectives(contain=30, recover=30))
STEPS = tuple(PlaybookStep(id=f"s{n}", text=f"Step {n}", line=n) for n in range(1, 5))
BOOK = replace(HURT, playbook=Playbook(path="playbooks/x.md", text="", steps=STEPS))


def share(game, measure, target="", limit=""):
    one = Criterion(criterion="c", phase="p", weight=1, measure=measure, target=target, limit=limit)
    card = replace(game, scorecard=replace(SCORECARD, criteria=(one,), caps=())).result().score
    return card.criteria[0].share


def figure(game, measure):
    one = Criterion(criterion="c", phase="p", weight=1, measure=measure)
    return replace(game, scorecard=replace(SCORECARD, criteria=(one,))).result().score.criteria[0].figure


def test_delivery_of_an_alert_counts_when_it_was_received():
    assert figure(HURT.alert("HighApiLatency", 18, delivered=40), "alert_delivery") == "30.0 s"


def test_acknowledging_declaring_acting_and_telling_are_timed_from_the_impact():
    game = HURT.ack(at=15).declare("P2", at=20).action("flag", at=30).update("We know.", at=40)
    told = [figure(game, name) for name in ("acknowledge", "declare", "first_action", "first_update")]
    assert told == ["5.0 s", "10.0 s", "20.0 s", "30.0 s"]


def test_only_an_act_that_could_help_is_a_first_action():
    looked = HURT.action("kubectl get pods", at=20).action("flag off", at=25, exit_code=1).step("s1", at=30)
    assert figure(looked.over(at=80), "first_action") == "not done"
    assert figure(looked.action("flag off", at=40).over(at=80), "first_action") == "30.0 s"
    assert (
        figure(looked.action("create pod", at=40, actor="watchdog").over(at=80), "first_action") == "not done"
    )
    assert figure(looked.action("flag off", at=70).over(at=80), "first_action") == "not done"
    blind = Game().fault(at=10).bad(CHECKOUTS, 10, 60).step("s1", at=30)
    assert figure(blind.over(at=80), "first_action") == "20.0 s"


def test_expected_alerts_count_only_in_time():
    assert share(HURT.alert("HighApiLatency", 18), "alerts_expected") == 1
    assert share(HURT.bad(CHECKOUTS, 60, 90).alert("HighApiLatency", 99), "alerts_expected") == 0


def test_an_alert_that_had_no_time_to_fire_counts_as_in_time_so_that_a_slower_recovery_earns_no_more():
    assert share(HURT.over(at=80), "alerts_expected") == 1
    assert figure(HURT.over(at=80), "alerts_expected") == "0 of 1; not due: HighApiLatency"


def test_noise_costs_only_where_somebody_acted_on_it():
    noisy = HURT.alert("HighApiLatency", 18).alert("Noise", 20, key="n").alert("More", 21)
    assert share(noisy, "alerts_noise") == 1
    assert figure(noisy, "alerts_noise") == "none; 2 more that nobody acted on"
    for acted_on in (
        noisy.ack(at=30, alert="Noise"),
        noisy.ack(at=30, alert="n"),
        noisy.add(ev.AlertAcknowledged(key="n", alert="Noise"), at=30),
    ):
        assert share(acted_on, "alerts_noise") == pytest.approx(2 / 3)
    bot = noisy.add(ev.AlertAcknowledged(key="n", alert="Noise"), at=30)
    bot = replace(bot, events=(*bot.events[:-1], replace(bot.events[-1], by="pager-bot")))
    assert share(bot, "alerts_noise") == 1


def test_declaring_costs_where_there_was_only_noise_and_no_user_was_affected():
    quiet = Game().trail(at=1).fault(at=10).exposed(at=11, exposed=True).alert("Noise", 20)
    assert share(quiet.over(at=80), "alerts_noise") == 1
    assert share(quiet.declare("P2", at=30).over(at=80), "alerts_noise") == pytest.approx(2 / 3)
    assert share(quiet.declare("P2", at=15).over(at=80), "alerts_noise") == 1
    automatic = replace(SCENARIO, responders=Party.AUTOMATION)
    declared = replace(quiet.declare("P2", at=30), scenario=automatic).over(at=80)
    assert share(declared, "alerts_noise") == pytest.approx(2 / 3)
    assert share(declared, "detect") == 1


def test_who_acts_before_any_user_is_affected_gets_full_marks():
    early = Game().trail(at=1).fault(at=10).exposed(at=11, exposed=True).action("flag off", at=20)
    result = early.over(at=80).result()
    assert result.attribution.outcome is Outcome.ABSORBED
    assert "The team had acted before there was one" in result.attribution.why
    names = ("detect", "contain", "recover", "alerts_expected", "recovered_before_rollback", "first_action")
    assert [share(early.over(at=80), name) for name in names] == [1] * 6
    assert share(early.over(at=80), "recovered_by_automation") == 0
    looked = Game().trail(at=1).fault(at=10).exposed(at=11, exposed=True).action("kubectl get pods", at=20)
    assert share(looked.over(at=80), "recover") is None


def test_what_its_automation_recovered_before_the_team_noticed_was_detected_by_then():
    healed = Game().trail(at=1).fault(at=10).bad(CHECKOUTS, 10, 60).action("restart", at=59, actor="bot")
    assert share(healed.over(at=80), "detect") == 1
    assert figure(healed.over(at=80), "detect") == "49.0 s, by an act of the automation"
    assert figure(healed.ack(at=20).over(at=80), "detect") == "10.0 s"
    assert healed.over(at=80).result().milestones.at(MilestoneName.DETECTED) is None


def test_a_ticked_step_kept_users_from_being_affected_only_where_the_fault_was_undone():
    ticked = Game().fault(at=10).exposed(at=11, exposed=True).step("s1", at=20)
    assert share(ticked.over(at=80), "recover") == 1
    assert share(ticked.over(at=80, how="rolled-back"), "recover") is None


def test_a_step_that_nobody_ticked_is_not_a_step_that_was_skipped():
    assert share(BOOK, "playbook_followed") is None
    assert share(BOOK.step("s1", at=20), "playbook_followed") is None
    assert share(BOOK.step("s1", at=20).step("s2", at=30), "playbook_followed") == 1


def test_the_review_tells_of_steps_that_nobody_ticked():
    game = BOOK.step("s1", at=20).answer("step:s2", "yes, at once", at=90).answer("step:s3", "no", at=90)
    assert share(game, "playbook_followed") == pytest.approx(2 / 3)


def test_harm_is_counted_as_time_of_total_outage():
    half = replace(HURT, scenario=replace(SCENARIO, objectives=Objectives(recover=100)))
    assert share(half, "least_harm") == pytest.approx(0.5, abs=0.01)
    mild = Game(scenario=half.scenario).fault(at=10).bad(CHECKOUTS, 10, 60, share=0.5)
    assert share(mild, "least_harm") == pytest.approx(0.75, abs=0.01)
    assert figure(mild, "least_harm") == "as bad as 25.0 s of total outage; 2500 of 5000 requests were bad"
    assert share(replace(HURT, scenario=BRISK), "least_harm") == 0


def test_a_recovery_whose_worst_is_over_first_never_harms_more_than_a_longer_one():
    brief = replace(HURT, scenario=replace(SCENARIO, objectives=Objectives(recover=100)))
    longer = brief.bad(CHECKOUTS, 60, 110, share=0.1)
    assert share(brief, "least_harm") > share(longer, "least_harm")


def test_users_who_hang_are_counted_by_the_time_they_wait_not_by_the_requests_they_send():
    hung = Game(scenario=replace(SCENARIO, objectives=Objectives(recover=100))).fault(at=10)
    hung = hung.hung(CHECKOUTS, 10, 12).silent(CHECKOUTS, 12, 60)
    assert share(hung, "least_harm") == pytest.approx(0.5, abs=0.01)


def test_who_recovered_is_measured_by_party():
    by_team = HURT.action("flag", at=59).over(at=80)
    by_bot = HURT.action("flag", at=59, actor="bot").over(at=80)
    names = ("recovered_by_people", "recovered_by_automation", "recovered_before_rollback")
    assert [share(by_team, name) for name in names] == [1, 0, 1]
    assert [share(by_bot, name) for name in names] == [0, 1, 1]


def test_the_review_is_measured_by_what_it_recorded():
    game = HURT.answer("root-cause", "no index", at=90).answer("action:1", "lint migrations", at=91)
    assert share(game, "root_cause_recorded") == 1
    assert share(game, "fix_recorded") == 0
    assert share(game, "actions_recorded") == 1
    assert share(game.answer("root-cause", " ", at=92), "root_cause_recorded") == 1


def test_notes_count_in_proportion():
    assert share(HURT.note("a", at=20), "notes_kept") == pytest.approx(1 / 3)
    assert share(HURT.note("a", at=20).note("b", at=30), "notes_kept", target="2") == 1


def test_verification_is_the_steady_state_at_the_end():
    assert share(HURT.verified(at=90), "verified") == 1
    assert share(HURT.verified(at=90, met=False), "verified") == 0
    assert share(HURT.verified(at=90, met=None), "verified") is None


@pytest.mark.parametrize(
    ("game", "verdict"),
    [
        (HURT.action("flag off", at=59).over(at=80), "met"),
        (
            Game().fault(at=10).bad(CHECKOUTS, 10, 60).ack(at=14).over(at=80),
            "no-credit",
        ),  # nothing shows by whom
        (HURT.ended(at=40).revert(at=41), "no-credit"),  # cut off before its objective was over
        (replace(HURT, scenario=BRISK).ended(at=50).revert(at=51), "missed"),
    ],
)
def test_a_criterion_is_called_missed_only_where_its_time_is(game, verdict):
    criteria = tuple(
        Criterion(criterion=name, phase="p", weight=1, measure=name, target="1x")
        for name in ("contain", "recover")
    )
    result = replace(game, scorecard=replace(SCORECARD, criteria=criteria)).result()
    assert [scored.verdict for scored in result.score.criteria] == [verdict, verdict]
    times = {result.milestones.interval(scored.criterion).verdict for scored in result.score.criteria}
    assert ("missed" in times) == (verdict == "missed")
