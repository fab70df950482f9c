from dataclasses import replace

import pytest

from gameday.core.plans.scenario import Criterion, Objectives, Playbook, PlaybookStep
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


def test_expected_alerts_count_only_in_time_and_noise_costs():
    assert share(HURT.alert("HighApiLatency", 18), "alerts_expected") == 1
    assert share(HURT.alert("HighApiLatency", 99), "alerts_expected") == 0
    noisy = HURT.alert("HighApiLatency", 18).alert("Noise", 20)
    assert share(noisy, "alerts_noise") == pytest.approx(2 / 3)


def test_a_step_that_nobody_ticked_is_not_a_step_that_was_skipped():
    assert share(BOOK, "playbook_followed") is None
    assert share(BOOK.step("s1", at=20), "playbook_followed") is None
    assert share(BOOK.step("s1", at=20).step("s2", at=30), "playbook_followed") == 1


def test_the_review_tells_of_steps_that_nobody_ticked():
    game = BOOK.step("s1", at=20).answer("step:s2", "yes, at once", at=90).answer("step:s3", "no", at=90)
    assert share(game, "playbook_followed") == pytest.approx(2 / 3)


def test_harm_is_the_share_of_bad_requests_while_users_were_affected():
    half = Game().fault(at=10).bad(CHECKOUTS, 10, 60, share=0.5)
    assert share(half, "least_harm") == pytest.approx(0.5, abs=0.01)
    assert share(HURT, "least_harm") == 0


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
