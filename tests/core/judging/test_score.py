import math
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gameday.core.facts import drill as ev
from gameday.core.judging import measures, score
from gameday.core.plans.scenario import Cap, Criterion, Inject
from gameday.core.plans.scorecard import CAPS, LESS, MEASURES, MORE, SHARE, TIME
from gameday.core.values import MilestoneName, Mode, Outcome, Party, Verdict
from gameday.testing.histories import FAULT, SCENARIO, SCORECARD, Game, second

CHECKOUTS = "POST /checkout"
HURT = Game().trail(at=1).fault(at=10).bad(CHECKOUTS, 10, 60)
WELL = HURT.alert("HighApiLatency", 18).ack(at=20).declare("P2", at=25, commander="a").action("flag", at=59)
DONE = WELL.over(at=80)


def carded(game, *criteria, caps=()):
    return replace(game, scorecard=replace(SCORECARD, criteria=criteria, caps=caps))


def criterion(measure, target="", limit="", weight=10.0):
    return Criterion(criterion=measure, phase="x", weight=weight, measure=measure, target=target, limit=limit)


def scored(game, measure, target="", limit=""):
    return carded(game, criterion(measure, target, limit)).result().score.criteria[0]


# --- the bands -----------------------------------------------------------------------------------


def test_a_doubling_costs_the_same_everywhere():
    shares = [score.share_of(TIME, seconds, 60, 480) for seconds in (30, 60, 120, 240, 480, 500)]
    assert shares == pytest.approx([1, 1, 2 / 3, 1 / 3, 0, 0])


def test_a_time_follows_the_logarithm_between_target_and_limit():
    assert score.share_of(TIME, 100, 60, 180) == pytest.approx(1 - math.log(100 / 60) / math.log(3))


def test_without_a_limit_a_time_is_met_or_missed():
    assert [score.share_of(TIME, seconds, 60, None) for seconds in (60, 60.001)] == [1, 0]


def test_counts_and_shares_are_judged_on_a_straight_line():
    assert [score.share_of(MORE, count, 4, None) for count in (0, 1, 4, 9)] == [0, 0.25, 1, 1]
    assert [score.share_of(LESS, count, 0, 4) for count in (0, 1, 4, 9)] == [1, 0.75, 0, 0]
    assert score.share_of(SHARE, 0.7, 0.9, 0.5) == pytest.approx(0.5)


@given(
    st.sampled_from([TIME, LESS, MORE, SHARE]),
    st.floats(0, 1e6),
    st.floats(0, 1e6),
    st.floats(0, 1e4),
    st.floats(0, 1e4) | st.none(),
)
@example(TIME, 1.0, 0.0, 5e-324, 2.0)
def test_a_better_value_never_earns_less(kind, one, other, target, limit):
    worse, better = sorted((one, other), reverse=kind in (TIME, LESS))
    shares = [score.share_of(kind, value, target, limit) for value in (worse, better)]
    assert 0 <= shares[0] <= shares[1] <= 1


# --- points --------------------------------------------------------------------------------------


def test_a_fast_team_gets_full_points_and_every_point_has_its_rule_and_figure():
    card = DONE.result().score
    assert (card.points, card.passed, card.verdict, card.coverage) == (100.0, True, "passed", 1.0)
    assert all(one.rule and one.figure for one in card.criteria)
    assert card.criteria[0].rule.startswith("full marks up to 2 min 00 s (1x), none from 6 min 00 s (3x)")


def test_what_was_left_out_earns_nothing_and_is_not_undefined():
    one = scored(HURT.ack(at=20).over(at=80), "severity_matches")
    assert (one.share, one.verdict, one.why) == (0.0, Verdict.MISSED, "no severity was declared")


def test_the_worst_severity_decides_and_half_is_earned_where_only_another_was_right():
    def share(*declared):
        game = HURT
        for number, severity in enumerate(declared):
            game = game.declare(severity, at=20 + 10 * number)
        return scored(game, "severity_matches").share

    assert [share("P4"), share("P4", "P3")] == [0, 0]
    assert [share("P2"), share("P4", "P2"), share("P2", "P4")] == [1, 1, 1]
    assert [share("P1", "P2"), share("P2", "P1")] == [0.5, 0.5]


def test_what_does_not_apply_is_undefined_and_named():
    quiet = replace(DONE, scenario=replace(SCENARIO, expect=()))
    one = scored(quiet, "alerts_expected")
    assert (one.share, one.verdict) == (None, Verdict.UNKNOWN)
    assert one.why == "does not apply: the scenario expects no alert"


def test_what_our_rollback_ended_earns_nothing():
    one = scored(HURT.ended(at=58).revert(at=59), "recover")
    assert (one.share, one.figure) == (0.0, "at least 48.0 s")


def test_what_healed_by_itself_earns_nothing():
    healed = HURT.ack(at=20).over(at=80)
    assert scored(healed, "recover").share == 0
    assert scored(healed, "contain").share == 0
    assert "recovered by itself" in scored(healed, "recover").why


def test_lost_load_leaves_recovery_undefined():
    lost = HURT.lost_load(at=40).ended(at=100).close(at=101)
    one = scored(lost, "recover")
    assert (one.share, one.verdict) == (None, Verdict.UNKNOWN)
    assert one.why.startswith("instrument:")


def test_too_little_evidence_gives_no_points():
    card = (
        carded(DONE, criterion("detect", weight=69), criterion("playbook_followed", weight=31)).result().score
    )
    assert (card.verdict, card.points, card.coverage) == ("insufficient-evidence", None, pytest.approx(0.69))
    enough = carded(DONE, criterion("detect", weight=70), criterion("playbook_followed", weight=30))
    assert enough.result().score.points == 100


def test_an_undetected_incident_is_capped_unless_somebody_recovered_it():
    caps = (Cap(when="undetected", at_most=30),)
    slow = replace(HURT, scenario=replace(SCENARIO, objectives=replace(SCENARIO.objectives, detect=30.0)))
    capped = carded(slow.over(at=80), criterion("alerts_noise"), caps=caps).result().score
    assert (capped.points, capped.caps) == (30.0, ("undetected",))
    assert capped.why == "at most 30: nobody detected it"
    earned = carded(HURT.action("flag", at=59).over(at=80), criterion("alerts_noise"), caps=caps)
    assert (earned.result().score.points, earned.result().score.caps) == (100.0, ())


def test_hints_cost_only_if_taken_and_once():
    injects = (Inject(after=60, hint="look", cost=5), Inject(after=90, hint="closer", cost=7))
    game = replace(DONE, scenario=replace(SCENARIO, injects=injects))
    assert game.result().score.points == 100
    assert game.hint(0, at=30).hint(0, at=40).result().score.points == 95


def test_the_pass_mark_decides():
    half = carded(HURT.ack(at=20).over(at=80), criterion("detect"), criterion("declare"))
    card = half.result().score
    assert (card.points, card.passed, card.verdict) == (50.0, False, "failed")


@pytest.mark.parametrize("measure", ["first_update", "alert_delivery"])
def test_nothing_is_held_against_anybody_that_was_not_due_before_it_was_over(measure):
    fixed = HURT.action("flag", at=59)
    late = {"first_update": fixed.update("We know.", 75), "alert_delivery": fixed.alert("HighApiLatency", 75)}
    for game in (fixed, late[measure]):
        not_due = scored(game.over(at=80), measure, target="60s")
        assert (not_due.verdict, not_due.share) == (Verdict.MET, 1)
        assert not_due.figure.startswith("not due: it was over after 50.")
        due = scored(game.over(at=80), measure, target="45s")
        assert (due.verdict, due.share) == (Verdict.MISSED, 0)
    # what ended without those who are judged gives them nothing, either
    for game in (
        HURT.ack(at=12).over(at=80),
        HURT.bad(CHECKOUTS, 60, 110).over(at=80, how="rolled-back", why="time"),
    ):
        left_out = scored(game, measure, target="200s")
        assert (left_out.verdict, left_out.share) == (Verdict.UNKNOWN, None)
        assert left_out.why.startswith("does not apply: not due")


# --- no score ------------------------------------------------------------------------------------


def test_training_gives_no_score_but_fills_in_the_card():
    card = replace(DONE, mode=Mode.TRAIN).result().score
    assert (card.verdict, card.points) == ("not-scored", None)
    assert card.criteria[0].share == 1


def test_a_breach_of_safety_is_a_gate_outside_the_sum():
    tripped = WELL.add(ev.GuardrailTripped(guardrail="login", detail="80% good"), at=30).over(at=80)
    failed = WELL.add(ev.RevertFailed(fault=FAULT, attempt=3, error="no", final=True), at=70).close(at=80)
    for game in (tripped, failed, WELL.close(at=80, reverted=False)):
        assert game.result().score.verdict == "gated"
        assert game.result().score.points is None


def test_a_fault_without_effect_or_with_an_unknown_one_gives_no_points():
    for exposed in (False, None):
        card = Game().fault(at=10).exposed(at=11, exposed=exposed).over(at=80).result().score
        assert (card.verdict, card.points) == ("insufficient-evidence", None)


def test_an_aborted_drill_is_not_scored():
    assert WELL.abort(at=30).revert(at=31).close(at=32, how="aborted").result().score.verdict == "not-scored"


def test_an_absorbed_fault_gives_full_marks_to_automation():
    absorbed = Game().fault(at=10).exposed(at=11, exposed=True).over(at=80)
    automatic = replace(absorbed, scenario=replace(SCENARIO, responders=Party.AUTOMATION))
    card = automatic.result().score
    assert (card.points, card.passed, card.caps) == (100.0, True, ())


def test_an_absorbed_fault_shows_too_little_of_a_team():
    absorbed = Game().fault(at=10).exposed(at=11, exposed=True).over(at=80)
    assert absorbed.result().score.verdict == "insufficient-evidence"


# --- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [criterion("speed"), criterion("detect", "soon"), criterion("notes_kept", "2x")]
)
def test_a_criterion_that_cannot_be_judged_is_refused(wrong):
    with pytest.raises(ValueError, match=wrong.measure):
        carded(DONE, wrong).result()


def test_each_measure_of_the_table_has_its_reader_with_its_words():
    assert list(measures.READERS) == list(MEASURES)
    assert all(read.__doc__ for read in measures.READERS.values())


@pytest.mark.parametrize("when", CAPS)
def test_each_cap_of_the_table_can_be_judged(when):
    carded(HURT.over(at=80), criterion("detect"), caps=[Cap(when=when, at_most=0)]).result()


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_every_measure_reads_every_kind_of_drill(name):
    absorbed = Game().fault(at=10).exposed(at=11, exposed=True).over(at=80)
    for game in (Game(), HURT, DONE, absorbed, HURT.ended(at=58).revert(at=59).close(at=90)):
        one = scored(game, name)
        assert one.share is None or 0 <= one.share <= 1
        assert (one.share is None) == (one.verdict is Verdict.UNKNOWN)
        assert one.figure or one.why


# --- nobody looked, and nobody had to ------------------------------------------------------------


def test_a_service_that_healed_before_anybody_looked_earns_and_costs_nothing():
    quick = Game().trail(at=1).fault(at=10).bad(CHECKOUTS, 10, 30)
    for game in (quick.over(at=80), quick.ack(at=70).over(at=80)):
        card = game.result().score
        assert (card.verdict, card.points) == ("insufficient-evidence", None)
        shares = {one.criterion: one for one in card.criteria}
        assert [shares[name].share for name in ("time-to-contain", "time-to-recover", "severity-right")] == [
            None
        ] * 3
        assert "before anybody looked" in shares["time-to-recover"].why


def test_whoever_looked_or_had_the_time_to_look_is_judged():
    quick = Game().trail(at=1).fault(at=10).bad(CHECKOUTS, 10, 30)
    assert scored(quick.ack(at=20).over(at=80), "recover").share == 0
    slow = replace(SCENARIO, objectives=replace(SCENARIO.objectives, detect=15.0))
    assert scored(replace(quick, scenario=slow).over(at=80), "recover").share == 0
    assert (
        replace(quick, scenario=slow).over(at=80).result().milestones.interval("detect").verdict
        is Verdict.MISSED
    )


def test_an_incident_declared_before_the_fault_is_detected_by_its_first_action_or_not_known():
    early = Game().trail(at=1).declare("P2", at=5).fault(at=10).bad(CHECKOUTS, 10, 120)
    acted = early.action("flag", at=40).over(at=110, how="rolled-back", why="time").result()
    assert second(acted.milestones.at(MilestoneName.DETECTED)) == 40
    assert acted.attribution.outcome is Outcome.DETECTED
    idle = early.over(at=110, how="rolled-back", why="time").result()
    assert (idle.attribution.outcome, idle.score.verdict) == (Outcome.UNKNOWN, "insufficient-evidence")
    assert "whether anybody detected it is not known" in idle.score.why
    assert not idle.milestones.by_name[MilestoneName.DETECTED].known


def test_who_looks_once_users_are_healthy_again_by_themselves_gets_no_more_than_who_looked_in_time():
    healed = Game().trail(1).fault(at=10).bad("POST /checkout", 10, 11)
    late = healed.declare("P2", at=13).over(at=60, how="rolled-back", why="time").close(80).result().score
    early = healed.declare("P2", at=10.2).over(at=60, how="rolled-back", why="time").close(80).result().score
    assert (late.points, late.verdict) == (None, "insufficient-evidence")
    assert "healthy again by themselves" in late.why
    assert early.points is not None
