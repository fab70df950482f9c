"""No blame where nothing happened, or where there was nothing left to do: each built from its truth."""

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings

from gameday.core import postmortem
from gameday.core.facts import drill as ev
from gameday.core.values import Outcome, Party, Severity
from gameday.render import drill_files, junit, markdown, words
from gameday.render import html as page
from gameday.testing.histories import SCENARIO, Game
from tests.core.judging import generated, test_shipped_cards

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


ALONE = Game(scenario=replace(SCENARIO, responders=Party.NONE), rate=20).fault(at=10)
BLAME = (
    "ndetected",
    "at the review",
    "nobody detected",
    "Nobody detected",
    "by whom",
    "the response",
    "team recorded",
)
"""What would blame or ask people."""


def texts(game):
    """Give all that a drill leaves for people to read."""
    history, result = game.history(), game.result()
    pm = postmortem.draft(history, result)
    return (
        markdown.postmortem(pm),
        page.postmortem(pm, ""),
        drill_files.summary(history, result),
        # The property is the value of result.json, for machines.
        junit.encode(history, result).replace('value="undetected"', ""),
    )


@pytest.mark.parametrize(
    "game",
    [
        ALONE.bad(CHECKOUTS, 10, 82).over(at=80, **WITHIN),
        ALONE.bad(CHECKOUTS, 10, 30).over(at=80, **WITHIN),
        ALONE.bad(CHECKOUTS, 10, 30).trail(1).action("scale", 25, actor="hpa").over(at=80, **WITHIN),
        ALONE.silent(CHECKOUTS, 10, 82).over(at=80, **WITHIN),
        ALONE.exposed(11, exposed=True).over(at=80, **WITHIN),
    ],
    ids=["to the rollback", "recovered", "by a controller", "unknown", "absorbed"],
)
@pytest.mark.parametrize("card", test_shipped_cards.CARDS, ids=lambda card: card.scorecard)
def test_nobody_is_blamed_or_asked_where_nobody_responds(game, card):
    carded = replace(game, scorecard=card)
    pm = drafted(carded)
    assert pm.questions == ()
    for text in texts(carded):
        assert [word for word in BLAME if word in text.replace("The response ended", "")] == []
    assert not any("response" in item.text or "playbook" in item.text for item in pm.actions)
    people = {"severity-right", "commander-named", "first-update", "root-cause-recorded", "actions-recorded"}
    found = {each.criterion: each.why for each in pm.score.criteria if each.criterion in people}
    if pm.outcome is not Outcome.ABSORBED:
        assert set(found.values()) <= {"does not apply: nobody responds in this drill"}


def test_where_nobody_responds_and_the_load_died_it_is_not_known_whether_the_service_recovered():
    game = ALONE.bad(CHECKOUTS, 10, 110).lost_load(40).over(at=80, **WITHIN)
    assert game.result().attribution.outcome is Outcome.UNKNOWN
    assert "Users were affected; whether the service recovered is not known." in drafted(game).summary
    assert game.result().score.verdict == "insufficient-evidence"


def test_what_a_load_that_died_leaves_open_is_not_called_undone():
    died = Game(rate=20).trail(1).fault(at=10).bad(CHECKOUTS, 10, 110).ack(at=20).lost_load(40)
    summary = drafted(died.over(at=100, **WITHIN)).summary
    assert "The incident was detected; whether it was contained is not known." in summary
    assert not any("not contained" in line for line in summary)


def test_nobody_is_blamed_where_it_is_not_known_whether_there_was_anything_to_respond_to():
    for game in (QUIET.silent(CHECKOUTS, 10, 110), Game(rate=20).fault(at=10)):
        for card in test_shipped_cards.CARDS:
            pm = drafted(replace(game.over(at=80, **WITHIN), scorecard=card))
            assert not any(
                "Not met" in finding.title or "at least" in finding.title for finding in pm.improve
            )
            assert pm.actions == ()
            live = [each for each in pm.score.criteria if each.phase not in ("improve", "recover")]
            assert [each.criterion for each in live if each.verdict == "missed"] == []


def test_no_severity_is_right_or_wrong_where_the_fault_changed_nothing_or_it_is_not_known():
    none, unseen = Game(rate=20).fault(at=10).exposed(11, exposed=False), QUIET.silent(CHECKOUTS, 10, 110)
    for game in (none, unseen):
        declared = game.declare("P1", 25).over(at=80, **WITHIN)
        pm = drafted(declared)
        assert not any(finding.title.startswith("Declared") for finding in (*pm.well, *pm.improve))
        for card in test_shipped_cards.CARDS:
            scored = {
                each.criterion: each for each in replace(declared, scorecard=card).result().score.criteria
            }
            assert "severity-right" not in scored or scored["severity-right"].share is None
    assert "An incident was declared, and no user was affected" in found(
        none.declare("P1", 25).over(at=80, **WITHIN)
    )


def test_a_response_that_was_cut_short_is_asked_for_time_and_not_for_reasons():
    hurt = Game(rate=20).fault(at=10).bad(CHECKOUTS, 10, 82).ack(at=12)
    ours = "Our own rollback ended the impact"
    assert found(hurt.over(at=80, **WITHIN))[ours].work == ""
    quick = replace(hurt, scenario=replace(SCENARIO, objectives=replace(SCENARIO.objectives, recover=60.0)))
    assert "kept the response from recovering" in found(quick.over(at=80, **WITHIN))[ours].work


def test_nobody_is_asked_for_more_where_the_drill_was_aborted():
    hurt = Game(rate=20).fault(at=10).bad(CHECKOUTS, 10, 60).ack(at=12)
    assert drafted(hurt.abort(20).revert(21).close(30, "aborted")).actions == ()


@settings(max_examples=10, deadline=None)
@given(generated.stories())
def test_whatever_happens_nobody_is_blamed_or_asked_where_nobody_responds(story):
    game = replace(story, party=Party.NONE, deeds=()).game()
    for text in texts(game):
        assert [word for word in BLAME if word in text.replace("The response ended", "")] == []
    outcome = game.result().attribution.outcome
    assert outcome in (
        Outcome.RECOVERED,
        Outcome.ABSORBED,
        Outcome.UNKNOWN,
        Outcome.UNDETECTED,
        Outcome.CONTAINED,
    )


def test_users_who_were_affected_until_our_rollback_make_a_drill_without_people_one_that_did_not_recover():
    game = ALONE.bad(CHECKOUTS, 10, 82).over(at=80, **WITHIN)
    assert game.result().attribution.outcome is Outcome.UNDETECTED
    assert words.outcome(postmortem.draft(game.history(), game.result())) == "Not recovered"
    assert (
        "Users were affected, and the service did not recover by itself within the drill."
        in drafted(game).summary
    )
    assert "**Not recovered**" in texts(game)[0]
    detect = game.result().milestones.interval("detect")
    assert (detect.applies, detect.instead) == (False, "nobody responds")


@pytest.mark.parametrize("party", [Party.NONE, Party.TEAM, Party.AUTOMATION])
@pytest.mark.parametrize("card", test_shipped_cards.CARDS, ids=lambda card: card.scorecard)
def test_no_user_is_said_to_be_unaffected_where_they_were_or_where_it_is_not_known(party, card):
    scenario = replace(SCENARIO, responders=party)
    begun = Game(scenario=scenario, scorecard=card, rate=20).fault(at=10)
    unmeasured = replace(begun, scenario=replace(scenario, slos=(), expect=()))
    for game in (
        begun.bad(CHECKOUTS, 10, 30),
        begun.bad(CHECKOUTS, 10, 82),
        begun.silent(CHECKOUTS, 10, 82),
        begun.silent(CHECKOUTS, 10, 82).exposed(11, exposed=True),
        unmeasured,
        unmeasured.exposed(11, exposed=False),
    ):
        whole = game.over(at=80, how="rolled-back", why="no-impact")
        for text in texts(whole):
            found = [
                each
                for each in ("o user was affected", "not needed", ">nobody<", "nothing to recover")
                if each in text
            ]
            assert found in ([], ["nothing to recover"]) if "nor whether" in text else found == []


def test_what_is_not_known_has_the_same_word_in_tile_table_and_summary():
    for game in (ALONE, replace(ALONE, scenario=SCENARIO)):
        silent = game.silent(CHECKOUTS, 10, 110).over(at=80, **WITHIN)
        chains = {chain.name: chain for chain in drafted(silent).chains}
        for name in ("contain", "recover"):
            assert f"**Time to {name}** | **not known**" in texts(silent)[0]
            assert (chains[name].seconds, chains[name].verdict) == (None, "unknown")
        assert "No effect" not in texts(silent)[0]


def test_a_time_from_a_start_that_is_not_known_is_not_called_missed():
    silent = Game(rate=20).fault(at=10).silent(CHECKOUTS, 10, 170)
    late = replace(silent, until=200).ack(at=150).over(at=170, **WITHIN)
    detect = late.result().milestones.interval("detect")
    assert (detect.seconds, detect.verdict) == (140, "unknown")
    assert not any("Shorten" in item.text or "Rehearse" in item.text for item in drafted(late).actions)
    prompt = silent.ack(at=50).over(at=110, **WITHIN).result().milestones.interval("detect")
    assert prompt.verdict == "met"


def test_the_same_work_is_asked_for_once():
    asked = Game(rate=20).fault(at=10).bad(CHECKOUTS, 10, 30).action("flag off", 29).over(at=80)
    asked = asked.answer("action", "Add an index.", 90).answer("action-2", "add an  index", 91)
    assert [item.text for item in drafted(asked).actions].count("Add an index.") == 1
    assert len({item.text.casefold().rstrip(".") for item in drafted(asked).actions}) == len(
        drafted(asked).actions
    )


def test_our_own_words_need_no_escapes_in_markdown():
    truncated = ev.SignalRejected(system="pager", reason="too many", left_out=3)
    suspected = ev.RealIncidentSuspected(alert="Noise", severity=Severity.P1, within=30.0)
    for game in (
        Game(rate=20).fault(at=10).bad(CHECKOUTS, 10, 30).add(truncated, at=20).add(suspected, at=21),
        Game(rate=20).fault(at=10).silent(CHECKOUTS, 10, 110),
        replace(ALONE, scenario=replace(ALONE.scenario, slos=(), expect=())).add(
            ev.SteadyStateChecked(stage="after-method", met=True), at=40
        ),
    ):
        assert "\\`" not in texts(game.over(at=80, **WITHIN))[0]


def test_what_is_not_known_about_users_is_not_claimed():
    silent = Game(rate=20).fault(at=10).silent(CHECKOUTS, 10, 110)
    pm = drafted(silent.exposed(at=80, exposed=True, stage="before-revert").over(at=80, **WITHIN))
    assert "The fault was in force; whether users were affected is not known." in pm.summary
    assert [(line.judged, line.good, line.worst) for line in pm.impact] == [(False, None, None)]
    assert not any("nothing to recover" in line for line in pm.resolution)


def test_a_mark_of_containment_that_users_contradict_earns_nothing():
    marked = Game(rate=20).fault(at=10).bad(CHECKOUTS, 10, 110).ack(at=12).mark("contained", 14)
    game = marked.mark("recovered", 15).over(at=80, **WITHIN)
    pm = drafted(game)
    assert not any("Time to contain" in finding.title for finding in pm.well)
    assert "Containment was stated while users were still affected" in {each.title for each in pm.improve}
    assert len({item.text for item in pm.actions}) == len(pm.actions)
    for card in test_shipped_cards.CARDS:
        shares = {
            each.criterion: each.share for each in replace(game, scorecard=card).result().score.criteria
        }
        assert shares["time-to-contain"] == 0


def test_a_steady_state_that_was_not_met_is_no_absorbed_fault():
    steady = QUIET.add(ev.SteadyStateChecked(stage="before", met=True), at=5)
    deviated = steady.add(ev.SteadyStateChecked(stage="after-method", met=False), at=79)
    pm = drafted(deviated.over(at=80, **WITHIN))
    assert pm.outcome is Outcome.UNKNOWN
    assert not any("not known" in line for line in pm.summary[:2])
