"""On every scorecard that is shipped: faster never scores lower, and noise that nobody acts on moves nothing."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gameday.core.facts import drill as ev
from gameday.core.values import Party
from gameday.formats.scenario import scorecard
from gameday.formats.text import reader
from tests.core.judging import generated
from tests.formats import mistakes
from tests.paths import ROOT

FILES = sorted(ROOT.glob("scorecards/*.yaml"))
CARDS = [mistakes.require(scorecard.check(reader.read(file.read_bytes(), file.name))) for file in FILES]
ON_EVERY_CARD = pytest.mark.parametrize("card", CARDS, ids=[file.stem for file in FILES])
MANY = settings(deadline=None, max_examples=50)
SOME = settings(deadline=None, max_examples=20)


def points(story, card):
    return story.game(card).result().score.points


def test_there_are_shipped_cards():
    assert {"automation", "team"} <= {card.scorecard for card in CARDS}


@ON_EVERY_CARD
@MANY
@given(generated.stories().filter(lambda story: story.evident), st.data())
def test_one_deed_earlier_never_lowers_the_points(card, story, data):
    deed, at = data.draw(st.sampled_from(story.evident))
    earlier = data.draw(st.integers(21, int(at * 2)).map(lambda half: half / 2))
    moved = story.moved(deed, earlier)
    assume(generated.settled(story) and generated.settled(moved))
    before, after = points(story, card), points(moved, card)
    if before is not None:
        assert after is not None
        assert after >= before


@ON_EVERY_CARD
@SOME
@given(generated.stories(), st.lists(generated.MOMENTS, min_size=1, max_size=4))
def test_noise_that_nobody_acts_on_moves_nothing(card, story, noise):
    quiet, noisy = replace(story, noise=()), replace(story, noise=tuple(noise))
    assume(quiet.affected or quiet.at("declare") is None)
    one, other = quiet.game(card).result(), noisy.game(card).result()
    assert (one.score.points, one.score.verdict) == (other.score.points, other.score.verdict)
    assert (one.attribution, one.milestones) == (other.attribution, other.milestones)
    assert set(other.alerts.unexpected) == {f"Noise{number}" for number in range(len(noise))}


def test_acting_on_noise_costs_on_the_card_of_automation():
    (card,) = (card for card in CARDS if card.scorecard == "automation")
    absorbed = generated.Story(party=Party.AUTOMATION, onset=1000.0, noise=(20.0,))
    assert points(absorbed, card) == 100
    assert points(replace(absorbed, deeds=(("declare", 30.0),)), card) < 100
    affected = generated.Story(party=Party.AUTOMATION, noise=(20.0,), deeds=(("ack", 12.0), ("act", 30.0)))
    acknowledged = affected.game(card).add(ev.AlertAcknowledged(key="Noise0@20", alert="Noise0"), at=25)
    assert acknowledged.result().score.points < points(affected, card)


@ON_EVERY_CARD
@pytest.mark.parametrize("party", [Party.TEAM, Party.AUTOMATION])
def test_a_fix_before_the_alert_fires_earns_no_less_than_one_after_it(card, party):
    alerted = generated.Story(party=party, deeds=(("ack", 20.0), ("act", 24.0), ("declare", 22.0)))
    sooner = replace(alerted, deeds=(("act", 14.0), ("declare", 22.0)))
    assert sooner.fired is None
    assert alerted.fired is not None
    assert points(sooner, card) >= points(alerted, card)


@ON_EVERY_CARD
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_recovery_in_which_the_worst_is_over_first_scores_no_lower_than_a_longer_one(card, share):
    slow = generated.Story(party=Party.AUTOMATION, deeds=(("ack", 12.0), ("act", 40.0)), share=share)
    fast = slow.moved("act", 25.0)
    tail = slow.game(card).bad(generated.REQUEST, 41.0, 60.0, share=0.1)
    assert points(fast, card) >= points(slow, card) >= tail.result().score.points
