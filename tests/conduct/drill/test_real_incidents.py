"""A real incident alongside the drill: who is asked, and what happens when nobody answers."""

from dataclasses import replace

import pytest

from gameday.conduct.drill.real_incidents import MOST_OPEN
from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Expectation
from gameday.core.values import Severity
from tests.conduct.stage import SCENARIO, Stage

WATCHFUL = replace(SCENARIO, real_incident=Severity.P2, expect=(Expectation(alert="HighLatency"),))


def alert(name="DiskFull", severity="critical", key="k1"):
    return ev.AlertFired(key=key, alert=name, severity=severity)


def suspects(history):
    return [(asked.fact.alert, asked.fact.severity) for asked in history.each(ev.RealIncidentSuspected)]


def test_a_grave_alert_that_nobody_expects_asks_and_aborts_when_nobody_answers():
    stage = Stage(WATCHFUL).say(20, alert())
    history = stage.play()
    assert suspects(history) == [("DiskFull", Severity.P1)]
    assert history.first(ev.AbortRequested).fact.reason == "real-incident"
    assert "DiskFull" in history.first(ev.AbortRequested).fact.detail
    assert 80 <= stage.seconds(history, ev.AbortRequested) <= 81
    assert exposure.open_faults(history) == ()


def test_who_says_continue_lets_the_drill_go_on():
    history = Stage(WATCHFUL).say(20, alert()).say(75, ev.ContinueRequested()).play()
    assert history.first(ev.AbortRequested) is None
    assert history.last(ev.DrillClosed).fact.how == "completed"


def test_an_answer_holds_only_for_what_was_asked_before_it():
    stage = Stage(WATCHFUL).say(20, alert()).say(30, ev.ContinueRequested()).say(40, alert(key="k2"))
    history = stage.play()
    assert len(suspects(history)) == 2
    assert 100 <= stage.seconds(history, ev.AbortRequested) <= 101


def test_nothing_is_injected_while_the_question_is_open():
    history = Stage(WATCHFUL).say(2, alert()).play()
    assert history.first(ev.AbortRequested).fact.reason == "real-incident"
    assert history.first(ev.FaultRequested) is None


def test_the_answer_lets_the_fault_come_and_costs_the_response_no_time():
    stage = Stage(WATCHFUL).say(2, alert()).say(50, ev.ContinueRequested())
    history = stage.play()
    assert 50 <= stage.seconds(history, ev.FaultInjected) <= 52
    assert history.first(ev.ResponseEnded).at - history.first(ev.FaultInjected).at > 115
    assert history.last(ev.DrillClosed).fact.how == "completed"


def test_who_says_abort_need_not_wait():
    stage = Stage(WATCHFUL).say(20, alert()).say(25, ev.AbortRequested(reason="real-incident"))
    assert stage.seconds(stage.play(), ev.FaultReverted) < 26


@pytest.mark.parametrize(
    "fired",
    [alert("HighLatency"), alert(severity="warning"), alert(severity=""), alert(severity="chartreuse")],
    ids=["expected", "not grave", "no word", "no known word"],
)
def test_what_is_expected_or_not_grave_asks_nobody(fired):
    assert suspects(Stage(WATCHFUL).say(20, fired).play()) == []


def test_without_the_setting_nobody_is_asked():
    assert suspects(Stage().say(20, alert()).play()) == []


def test_one_alert_asks_once_however_often_it_is_delivered():
    stage = Stage(WATCHFUL).say(20, alert(), alert()).say(21, alert()).say(22, ev.ContinueRequested())
    assert len(suspects(stage.play())) == 1


def test_once_the_fault_is_gone_nothing_is_asked():
    stage = Stage(WATCHFUL).say(20, ev.EndRequested()).say(22, alert())
    assert suspects(stage.play()) == []


@pytest.mark.parametrize(
    ("word", "severity"),
    [("Critical", "P1"), ("P1", "P1"), ("error", "P2"), ("high", "P2"), ("warning", "P3"), (" info ", "P4")],
)
def test_monitors_words_are_severities(word, severity):
    everything = replace(WATCHFUL, real_incident=Severity.P4)
    stage = Stage(everything).say(20, alert(severity=word))
    assert suspects(stage.play()) == [("DiskFull", Severity(severity))]


def test_a_storm_of_alerts_asks_a_few_questions_that_name_the_most_severe_and_count_the_others():
    stage = Stage(WATCHFUL)
    for number in range(30):
        stage.say(20, alert(f"Noise{number}", "high", key=f"n{number}"))
    stage.say(20, alert("DiskFull", "critical", key="disk")).say(30, ev.ContinueRequested())
    history = stage.play()
    asked = [each.fact for each in history.each(ev.RealIncidentSuspected)]
    assert len(asked) <= MOST_OPEN
    assert (asked[0].alert, asked[0].severity) == ("DiskFull", Severity.P1)
    assert sum(1 + each.more for each in asked) == 31
    assert history.first(ev.AbortRequested) is None


def test_two_alertmanagers_ask_once_and_an_alert_that_fires_again_asks_again():
    twins = Stage(WATCHFUL).say(20, alert()).say(21, alert()).say(30, ev.ContinueRequested())
    assert len(suspects(twins.play())) == 1
    again = Stage(WATCHFUL).say(20, alert()).say(22, ev.AlertResolved(key="k1", alert="DiskFull"))
    again.say(30, ev.ContinueRequested()).say(40, alert()).say(45, ev.ContinueRequested())
    assert len(suspects(again.play())) == 2
