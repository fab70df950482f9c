"""No blame where nothing happened, or where there was nothing left to do: each built from its truth."""

from dataclasses import replace
from functools import partial

import pytest

from gameday.core import postmortem
from gameday.core.values import Party
from gameday.testing.histories import SCENARIO, Game

CHECKOUTS = "POST /checkout"
QUIET = Game(rate=20).trail(1).fault(at=10).exposed(at=11, exposed=True)
WITHIN = {"how": "rolled-back", "why": "time"}


def drafted(game):
    return postmortem.draft(game.history(), game.result())


def found(game):
    return {finding.title: finding for finding in drafted(game).improve}


def test_an_absorbed_fault_leaves_a_team_nothing_to_improve():
    assert [title for title in found(QUIET.over(at=80, **WITHIN)) if "could not be judged" not in title] == []


def test_an_alert_has_nothing_to_report_where_no_user_was_affected():
    assert QUIET.over(at=100, **WITHIN).result().alerts.missing == ()
    assert QUIET.bad(CHECKOUTS, 10, 101).over(at=100, **WITHIN).result().alerts.missing == ("HighApiLatency",)


def test_an_alert_that_was_not_due_when_the_load_was_lost_is_not_missing():
    affected = Game(rate=20).trail(1).fault(at=10).bad(CHECKOUTS, 10, 110)
    assert affected.lost_load(40).over(at=100, **WITHIN).result().alerts.not_due == ("HighApiLatency",)
    assert affected.lost_load(75).over(at=100, **WITHIN).result().alerts.missing == ("HighApiLatency",)


def test_an_incident_that_was_declared_on_noise_is_reported_and_its_severity_is_not_judged():
    declared = QUIET.alert("Noise", 20).declare("P1", 25)
    one = found(declared.over(at=80, **WITHIN))["An incident was declared, and no user was affected"]
    assert "Noise" in one.detail
    assert not any("Declared P1" in title for title in found(declared.over(at=80, **WITHIN)))
    noise = found(declared.over(at=80, **WITHIN))[
        "The alert Noise fired, and the scenario does not expect it"
    ]
    assert noise.detail == "It fired 10.0 s after the fault."


def test_who_acted_before_users_were_affected_declared_no_false_alarm():
    acted = QUIET.declare("P1", 25).action("flag off", at=30).over(at=80)
    assert "An incident was declared, and no user was affected" not in found(acted)


def test_nobody_is_late_for_what_healed_by_itself_before_they_had_to_notice():
    healed = found(QUIET.bad(CHECKOUTS, 10, 14).over(at=80, **WITHIN))
    assert healed["Users were healthy again before anybody had noticed"].work == ""
    assert healed["The service recovered by itself"].work == ""
    assert not any("Time to detect" in title for title in healed)


@pytest.mark.parametrize("game", [QUIET, replace(QUIET, events=QUIET.events[1:])], ids=["trail", "no trail"])
@pytest.mark.parametrize("late", [Game.ack, partial(Game.declare, severity="P3")], ids=["ack", "declare"])
def test_nobody_is_late_who_looked_after_it_had_healed(game, late):
    quick = replace(SCENARIO, objectives=replace(SCENARIO.objectives, detect=6.0))
    alarmed = replace(game, scenario=quick).bad(CHECKOUTS, 10, 14).alert("HighApiLatency", 11)
    played = late(alarmed, at=24).over(at=80, **WITHIN)
    pm, detect = drafted(played), played.result().milestones.interval("detect")
    assert (detect.verdict, detect.seconds, round(detect.at_least)) == ("unknown", None, 4)
    assert "Users were healthy again before anybody had noticed" in found(played)
    assert not any("Time to detect" in title or "missed" in title for title in found(played))
    assert not any("Shorten" in item.text for item in pm.actions)
    assert not any("missed" in line for line in pm.summary)
    scored = {each.criterion: each for each in pm.score.criteria}
    assert "before anybody looked" in scored["time-to-detect"].why
    chain = next(each for each in pm.chains if each.name == "detect")
    assert round(sum(span.seconds for span in chain.spans), 3) == round(chain.at_least, 3)


def test_nobody_is_asked_who_recovered_a_service_to_which_nobody_responds():
    alone = Game(scenario=replace(SCENARIO, responders=Party.NONE, expect=()), rate=20)
    healed = alone.fault(at=10).bad(CHECKOUTS, 10, 30).over(at=80, **WITHIN)
    assert "Who recovered the service is unclear" not in found(healed)
    assert healed.result().attribution.recovered_by == "unclear"


def test_a_load_that_died_leaves_no_one_late():
    died = Game(rate=20).trail(1).fault(at=10).bad(CHECKOUTS, 10, 110).ack(at=20).lost_load(40)
    titles = found(died.over(at=100, **WITHIN))
    assert "Time to recover: not known" in titles


def test_nobody_is_blamed_or_asked_where_nobody_responds():
    alone = replace(SCENARIO, responders=Party.NONE)
    pm = drafted(Game(scenario=alone, rate=20).fault(at=10).bad(CHECKOUTS, 10, 82).over(at=80, **WITHIN))
    assert pm.questions == ()
    assert not any("detected" in line for line in pm.summary)
    assert not any("response" in item.text for item in pm.actions)
    scored = {each.criterion: each for each in pm.score.criteria}
    assert scored["time-to-detect"].why == "does not apply: nobody responds in this drill"


def test_what_is_not_known_about_users_is_not_claimed():
    silent = Game(rate=20).fault(at=10).silent(CHECKOUTS, 10, 110)
    pm = drafted(silent.exposed(at=80, exposed=True, stage="before-revert").over(at=80, **WITHIN))
    assert "The fault was in force; whether users were affected is not known." in pm.summary
    assert [(line.judged, line.good, line.worst) for line in pm.impact] == [(False, None, None)]
    assert not any("nothing to recover" in line for line in pm.resolution)


def test_a_mark_of_containment_that_users_contradict_is_not_praised():
    marked = Game(rate=20).fault(at=10).bad(CHECKOUTS, 10, 110).ack(at=12).mark("contained", 14)
    pm = drafted(marked.mark("recovered", 15).over(at=80, **WITHIN))
    assert not any("Time to contain" in finding.title for finding in pm.well)
    assert "Containment was stated while users were still affected" in {each.title for each in pm.improve}
    assert len({item.text for item in pm.actions}) == len(pm.actions)
