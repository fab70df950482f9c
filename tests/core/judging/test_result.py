"""What holds for every judgement, whatever happened in the drill."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core.facts import history
from gameday.core.judging import result
from gameday.core.plans import scorecard
from gameday.core.plans.scenario import Cap, Criterion, Objectives
from gameday.core.values import MilestoneName, Verdict
from gameday.testing.histories import SCENARIO, SCORECARD, Game, at

CHECKOUTS = "POST /checkout"
EVERYTHING = replace(
    SCORECARD,
    criteria=tuple(
        Criterion(criterion=name, phase="x", weight=1 + index % 3, measure=name)
        for index, name in enumerate(sorted(scorecard.MEASURES))
        if name not in ("playbook_followed", "recovered_by_automation")
    ),
    caps=tuple(Cap(when=when, at_most=20 + 10 * index) for index, when in enumerate(sorted(scorecard.CAPS))),
)
BASE = Game(
    scenario=replace(SCENARIO, objectives=Objectives(detect=10.0, contain=20.0, recover=25.0)),
    scorecard=EVERYTHING,
    rate=20,
).fault(at=10)

CALLS = {
    "ack": lambda game, when: game.ack(when),
    "declare": lambda game, when: game.declare("P2", when, commander="a"),
    "declare wrongly": lambda game, when: game.declare("P4", when),
    "contained": lambda game, when: game.mark("contained", when),
    "recovered": lambda game, when: game.mark("recovered", when),
    "step": lambda game, when: game.step("s1", when),
    "update": lambda game, when: game.update("We know.", when),
    "note": lambda game, when: game.note("Looking.", when),
}
SIGNALS = {
    "alert": lambda game, when: game.alert("HighApiLatency", when, condition=when - 1, delivered=when + 1),
    "noise": lambda game, when: game.alert("Noise", when),
    "action": lambda game, when: game.action("flag off", when),
    "bot": lambda game, when: game.action("restart", when, actor="bot"),
    "fault": lambda game, when: game.action("fault on", when, actor="fault:slow"),
}
MOMENTS = st.integers(20, 220).map(lambda half: half / 2)
SAID = st.lists(st.tuples(st.sampled_from(sorted(CALLS)), MOMENTS), max_size=6)
SEEN = st.lists(st.tuples(st.sampled_from(sorted(SIGNALS)), MOMENTS), max_size=4)
TROUBLE = st.lists(st.tuples(MOMENTS, st.integers(1, 40), st.sampled_from([0.1, 0.5, 1.0])), max_size=2)


@st.composite
def grounds(draw):
    """A drill's circumstances, without what people say."""
    game = BASE if draw(st.booleans()) else BASE.trail(1)
    for start, length, share in draw(TROUBLE):
        game = game.bad(CHECKOUTS, start, start + length, share=share)
    for name, when in draw(SEEN):
        game = SIGNALS[name](game, when)
    end = draw(st.integers(40, 112))
    how = draw(st.sampled_from(["rolled-back", "already-undone", "nothing-to-undo"]))
    game = game.ended(end).revert(end + 1, how=how)
    return game.verified(115) if draw(st.booleans()) else game


def say(game, said):
    for name, when in said:
        game = CALLS[name](game, when)
    return game


DRILLS = st.builds(say, grounds(), SAID)
MANY = settings(deadline=None, max_examples=80)


@MANY
@given(DRILLS, st.randoms(use_true_random=False), st.integers(0, 5))
def test_order_of_delivery_and_duplicates_change_nothing(game, chance, again):
    told = game.history()
    events = [*told.events, *chance.sample(told.events, min(again, len(told.events)))]
    chunks = list(told.load.chunks)
    chance.shuffle(events)
    chance.shuffle(chunks)
    mixed = history.from_events(events, replace(told.load, chunks=tuple(chunks)))
    assert result.judge(mixed) == result.judge(told)


@MANY
@given(DRILLS)
def test_judging_twice_gives_the_same(game):
    told = game.history()
    assert repr(result.judge(told)) == repr(result.judge(told))


@settings(deadline=None, max_examples=250)
@given(grounds(), SAID.filter(bool), st.data())
def test_one_declared_instant_earlier_never_scores_lower(game, said, data):
    index = data.draw(st.integers(0, len(said) - 1))
    name, when = said[index]
    earlier = data.draw(st.integers(20, int(when * 2)).map(lambda half: half / 2))
    before = say(game, said).close(118).result().score
    after = say(game, [*said[:index], (name, earlier), *said[index + 1 :]]).close(118).result().score
    if before.points is not None:
        assert after.points is not None
        assert after.points >= before.points


@MANY
@given(DRILLS, SAID)
def test_what_becomes_known_after_closing_makes_a_new_revision_and_leaves_the_first(game, said):
    closed = game.close(118)
    later = say(closed, said)
    late = tuple(replace(event, recorded_at=at(130)) for event in later.events[len(closed.events) :])
    later = replace(later, events=closed.events + late)
    first = result.judge(closed.history())
    assert result.judge(later.history().settled()) == first
    assert later.result().revision == 1 + len(said)


@MANY
@given(DRILLS, st.integers(12, 118))
def test_a_milestone_once_reached_by_what_was_noticed_stays(game, moment):
    whole = game.history()
    known = replace(game, until=float(moment)).history().known_by(at(moment))
    early, late = result.judge(known).milestones, result.judge(whole).milestones
    for name in (
        MilestoneName.FAULT_INJECTED,
        MilestoneName.ACKNOWLEDGED,
        MilestoneName.DETECTED,
        MilestoneName.TRIAGED,
        MilestoneName.COMMANDER_ASSIGNED,
        MilestoneName.IMPACT_STARTED,
    ):
        if early.at(name) is not None:
            assert late.at(name) == early.at(name)


@MANY
@given(DRILLS)
def test_unknown_is_never_met_and_shares_stay_within_their_bounds(game):
    judged = game.close(118).result()
    assert 0.0 <= judged.score.coverage <= 1.0
    assert judged.score.points is None or 0.0 <= judged.score.points <= 100.0
    for one in judged.score.criteria:
        assert (one.share is None) == (one.verdict is Verdict.UNKNOWN)
        assert (one.verdict is Verdict.MET) == (one.share == 1.0)
    for interval in judged.milestones.intervals:
        assert interval.verdict is not Verdict.MET or interval.seconds is not None


@MANY
@given(DRILLS)
def test_nobody_but_team_and_automation_earns_a_recovery(game):
    judged = game.close(118).result()
    share = next(one.share for one in judged.score.criteria if one.criterion == "recover")
    assert judged.attribution.earned or not share


@MANY
@given(DRILLS)
def test_every_instant_lies_in_order_and_in_its_bounds(game):
    judged = game.close(118).result()
    reached = judged.milestones
    recovered, contained = reached.at(MilestoneName.RECOVERED), reached.at(MilestoneName.CONTAINED)
    assert recovered is None or (contained is not None and contained <= recovered)
    for stretch in (one for slo in judged.impact.slos for one in slo.stretches):
        assert stretch.start.earliest <= stretch.start.at <= stretch.start.latest
        if stretch.end is not None:
            assert stretch.start.at <= stretch.end.earliest <= stretch.end.at <= stretch.end.latest


def test_the_whole_judgement_of_a_good_drill():
    game = Game().trail(1).fault(at=10).bad(CHECKOUTS, 10, 60).alert("HighApiLatency", at=18)
    game = game.ack(at=20).declare("P2", at=25, commander="a").action("flag off", at=59)
    judged = game.mark("recovered", at=75).over(at=76).result()
    assert (judged.attribution.outcome, judged.attribution.recovered_by) == ("recovered", "team")
    assert (judged.score.points, judged.revision, judged.reverted) == (100.0, 1, True)
    assert judged.alerts.expected == ("HighApiLatency",)


def test_an_old_drill_is_judged_again_by_another_scorecard():
    told = Game().fault(at=10).bad(CHECKOUTS, 10, 60).ack(at=20).over(at=80).history()
    other = replace(SCORECARD, scorecard="strict", version=2)
    assert result.judge(told, other).score.scorecard == "strict@2"
    assert result.judge(told).score.scorecard == "team@1"


def test_a_fault_that_is_not_reverted_is_reported():
    assert not Game().fault(at=10).close(at=80, reverted=False).result().reverted


BARE = Game().fault(at=10).ended(60).revert(61, how="nothing-to-undo")


def test_what_nothing_undid_may_be_in_force_while_users_are_affected_in_the_last_samples():
    affected = BARE.bad(CHECKOUTS, 10, 120)
    assert not affected.close(120).result().reverted
    (fault,) = result.in_force(affected.history(), affected.result().impact)
    assert fault.steps == ("undo by hand what experiments/slow.json does: it has no rollbacks",)


def test_what_nothing_undid_may_be_in_force_where_the_steady_state_is_not_met_after_it():
    assert not BARE.verified(110, met=False).close(120).result().reverted
    assert BARE.verified(110, met=None).close(120).result().reverted


def test_what_healed_by_itself_is_over_without_rollbacks():
    assert BARE.bad(CHECKOUTS, 10, 60).verified(110).close(120).result().reverted


def test_what_a_rollback_undid_is_over_even_where_users_are_still_affected():
    undone = Game().fault(at=10).ended(60).revert(61).bad(CHECKOUTS, 10, 120)
    assert undone.close(120).result().reverted
    assert undone.verified(110).close(120).result().reverted
    assert undone.verified(110, met=None).close(120).result().reverted


def test_a_rollback_after_which_the_steady_state_is_not_met_may_have_undone_nothing():
    unmet = Game().fault(at=10).ended(60).revert(61).verified(110, met=False).close(120)
    assert not unmet.result().reverted
    (fault,) = result.in_force(unmet.history(), unmet.result().impact)
    assert fault.steps[-1].startswith("undo by hand what the rollbacks of experiments/slow.json left")


@pytest.mark.parametrize("how", ["already-undone", "never-injected"])
def test_what_no_rollback_undid_is_not_doubted_by_the_steady_state(how):
    game = Game().fault(at=10).ended(60).revert(61, how=how).verified(110, met=False).close(120)
    assert game.result().reverted


def test_a_steady_state_that_is_met_later_ends_the_doubt():
    unmet = Game().fault(at=10).ended(60).revert(61).verified(110, met=False).close(120)
    assert unmet.verified(130).result().reverted
