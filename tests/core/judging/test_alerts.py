from dataclasses import replace

from gameday.core.judging import alerts
from gameday.core.plans.scenario import Expectation
from gameday.testing.histories import SCENARIO, Game, at, second

BASE = Game().fault(at=30)


def fresh(game):
    return [(one.fact.alert, second(one.at)) for one in alerts.fresh(game.history(), at(30))]


def covered(game, *expectations):
    scenario = replace(SCENARIO, expect=expectations) if expectations else SCENARIO
    return alerts.coverage(replace(game, scenario=scenario).history(), at(30), at(31))


def test_an_alert_counts_at_its_sources_own_instant_however_late_it_arrives():
    assert fresh(BASE.alert("HighApiLatency", 40, delivered=95)) == [("HighApiLatency", 40)]


def test_an_alert_of_an_untrusted_source_counts_at_its_receipt():
    assert fresh(BASE.alert("HighApiLatency", 40, delivered=95, trusted=False)) == [("HighApiLatency", 95)]


def test_an_alert_that_was_firing_before_the_fault_is_not_fresh():
    assert fresh(BASE.alert("HighApiLatency", 20)) == []


def test_an_alert_that_was_received_just_before_the_fault_is_not_fresh():
    assert fresh(BASE.alert("HighApiLatency", 29)) == []
    assert fresh(BASE.alert("HighApiLatency", 20, trusted=False)) == []


def test_an_alert_that_fired_before_the_fault_and_arrives_after_it_is_not_fresh():
    assert fresh(BASE.alert("HighApiLatency", 20, delivered=40)) == []


def test_a_clock_slightly_after_does_not_cost_an_alert():
    assert fresh(BASE.alert("HighApiLatency", 29, delivered=32)) == [("HighApiLatency", 32)]


def test_a_repetition_of_a_preexisting_alert_is_not_fresh():
    game = BASE.alert("HighApiLatency", 20, key="k").alert("HighApiLatency", 40, key="k")
    assert fresh(game) == []


def test_an_alert_that_fires_anew_is_fresh():
    game = BASE.alert("HighApiLatency", 20).resolve("HighApiLatency", 25, fired=20)
    assert fresh(game.alert("HighApiLatency", 40)) == [("HighApiLatency", 40)]


def test_acknowledging_a_preexisting_alert_is_no_acknowledgement():
    old = BASE.alert("DiskFull", 20).ack(at=40, alert="DiskFull")
    assert list(alerts.acknowledged(old.history(), at(30))) == []
    assert len(list(alerts.acknowledged(old.ack(at=41).history(), at(30)))) == 1


def test_coverage_tells_missing_late_unexpected_and_preexisting():
    game = BASE.alert("Old", 10).alert("Slow", 99).alert("Noise", 40).alert("Noise", 45)
    found = covered(game, Expectation(alert="Slow"), Expectation(alert="Never"))
    assert found.expected == ("Slow", "Never")
    assert (found.missing, found.late) == (("Never",), ("Slow",))
    assert (found.unexpected, found.preexisting) == (("Noise",), ("Old",))


def test_within_counts_from_the_start_of_impact():
    assert covered(BASE.alert("HighApiLatency", 91)).late == ()
    assert covered(BASE.alert("HighApiLatency", 91.1)).late == ("HighApiLatency",)


def test_an_expectation_may_match_by_source_and_name_glob():
    game = BASE.alert("HighApiLatency", 40)
    assert covered(game, Expectation(source="alertmanager", name="High*")).missing == ()
    assert covered(game, Expectation(source="pagerduty", name="High*")).missing == ("High*",)
    assert covered(game, Expectation(labels={"team": "shop"})).missing == ("team=shop",)
