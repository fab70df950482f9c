"""A grant: the fault is reverted in place of a mitigation, and the response goes on."""

import pytest

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.judging import result
from tests.conduct.stage import AUTOMATION, Stage

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
