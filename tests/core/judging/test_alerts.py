import time
from dataclasses import replace

import pytest

from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.judging import alerts
from gameday.core.judging.impact import Bound, Impact, SloImpact
from gameday.core.plans.scenario import Condition, Expectation, MilestoneRules, Rule
from gameday.core.values import EventId, MilestoneName, Party, instant
from gameday.testing.histories import EPOCH, SCENARIO, Game, at, second

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


# --- relevance -----------------------------------------------------------------------------------


def fired(game, name, second, *, key="", labels=None, delivered=None, trusted=True):
    fact = ev.AlertFired(key=key or name, alert=name, labels=labels or {})
    return game.add(fact, at=second, known=delivered, source="alertmanager", trusted=trusted)


def resolved(game, name, second, *, key="", delivered=None):
    return game.add(
        ev.AlertResolved(key=key or name, alert=name), at=second, known=delivered, source="alertmanager"
    )


def acked(game, name, second, *, key="", by="", source="generic"):
    game = game.add(ev.AlertAcknowledged(key=key or name, alert=name), at=second, source=source)
    return replace(game, events=(*game.events[:-1], replace(game.events[-1], by=by)))


def serving(game, *services):
    """Give the history of a game whose environment has services."""
    built = game.history()
    first, *others = built.events
    planned = replace(first, fact=replace(first.fact, services=services))
    return history.from_events((planned, *others), built.load)


def detections(built):
    return len(alerts.relevant(built, at(30))), len(list(alerts.acknowledged(built, at(30))))


CERTIFICATE = fired(BASE, "CertificateExpiresSoon", 40, labels={"service": "billing"})


def test_an_alert_of_another_service_detects_nothing_nor_does_acknowledging_it():
    game = acked(CERTIFICATE, "CertificateExpiresSoon", 45).ack(at=46, alert="CertificateExpiresSoon")
    assert detections(game.history()) == (0, 0)
    derived = game.result().milestones
    for name in (MilestoneName.ALERTED, MilestoneName.ACKNOWLEDGED, MilestoneName.DETECTED):
        assert derived.at(name) is None
    assert game.result().alerts.unexpected == ("CertificateExpiresSoon",)


def test_an_acknowledgement_that_names_no_alert_counts_alongside_noise():
    assert detections(CERTIFICATE.ack(at=46).history()) == (0, 1)


def test_an_expected_alert_detects_and_so_does_one_of_the_environments_services():
    game = acked(fired(BASE, "HighApiLatency", 40), "HighApiLatency", 45)
    assert detections(game.history()) == (1, 1)
    game = acked(CERTIFICATE, "CertificateExpiresSoon", 45)
    assert detections(serving(game, "shop", "bill*")) == (1, 1)
    assert detections(serving(game, "shop")) == (0, 0)
    assert alerts.coverage(serving(game, "billing"), at(30), at(31)).unexpected == ()


def test_without_expectations_and_services_every_fresh_alert_is_relevant():
    game = replace(CERTIFICATE, scenario=replace(SCENARIO, expect=()))
    assert detections(acked(game, "CertificateExpiresSoon", 45).history()) == (1, 1)
    assert detections(serving(game, "shop")) == (0, 0)


def test_what_a_rule_names_can_detect():
    rule = MilestoneRules(
        detected=Rule(all=True, conditions=(Condition(alert="CertificateExpiresSoon", state="firing"),))
    )
    game = replace(CERTIFICATE, scenario=replace(SCENARIO, milestones=rule))
    assert detections(game.history())[0] == 1
    assert game.result().milestones.at(MilestoneName.DETECTED) == at(40)


def test_an_alert_that_is_expected_with_labels_detects_only_with_them():
    expect = (Expectation(alert="HighApiLatency", labels={"service": "shop"}),)
    game = replace(BASE, scenario=replace(SCENARIO, expect=expect))
    other = fired(game, "HighApiLatency", 40, labels={"service": "billing"})
    assert detections(other.history())[0] == 0
    assert (
        detections(fired(other, "HighApiLatency", 41, key="k", labels={"service": "shop"}).history())[0] == 1
    )


# --- series --------------------------------------------------------------------------------------


def state_of(game, name="HighApiLatency"):
    states = alerts.states(game.history(), at(30), name)
    return [(second(change.at), state) for change, state in states]


def test_a_name_is_resolved_when_its_last_series_is():
    game = fired(fired(BASE, "HighApiLatency", 40, key="a"), "HighApiLatency", 41, key="b")
    game = resolved(game, "HighApiLatency", 50, key="a")
    assert state_of(game)[-1] == (50, "firing")
    assert state_of(resolved(game, "HighApiLatency", 60, key="b"))[-1] == (60, "resolved")


def test_two_alertmanagers_that_send_the_same_alert_are_one_alert():
    game = fired(fired(BASE, "HighApiLatency", 40), "HighApiLatency", 36, delivered=43)
    assert fresh(game) == [("HighApiLatency", 40)]
    assert state_of(resolved(game, "HighApiLatency", 70))[-1] == (70, "resolved")


def test_the_second_of_two_alertmanagers_does_not_make_an_alert_pre_existing():
    assert fresh(fired(fired(BASE, "HighApiLatency", 31), "HighApiLatency", 27, delivered=43)) == [
        ("HighApiLatency", 31)
    ]


def test_an_alert_that_fires_again_under_its_key_is_a_new_episode():
    game = resolved(fired(BASE, "HighApiLatency", 10), "HighApiLatency", 20)
    game = resolved(fired(game, "HighApiLatency", 40), "HighApiLatency", 50)
    assert fresh(fired(game, "HighApiLatency", 60)) == [("HighApiLatency", 40), ("HighApiLatency", 60)]


def test_a_resolved_alert_that_arrives_late_ends_the_episode_that_it_belongs_to():
    game = fired(
        resolved(fired(BASE, "HighApiLatency", 10), "HighApiLatency", 20, delivered=45), "HighApiLatency", 40
    )
    assert fresh(game) == [("HighApiLatency", 40)]
    assert state_of(game) == [(40, "firing")]


def test_acknowledging_an_old_episode_is_none_of_the_new_one():
    game = acked(fired(BASE, "HighApiLatency", 10), "HighApiLatency", 35)
    game = fired(resolved(game, "HighApiLatency", 36), "HighApiLatency", 40)
    assert detections(game.history()) == (1, 0)
    assert detections(acked(game, "HighApiLatency", 45).history()) == (1, 1)


# --- clocks --------------------------------------------------------------------------------------


def test_a_monitor_whose_clock_is_five_minutes_slow_is_doubted_and_not_believed_to_fire_before_the_fault():
    game = acked(
        fired(BASE, "HighApiLatency", -255, delivered=45), "HighApiLatency", -248, source="alertmanager"
    )
    game = replace(game, events=(*game.events[:-1], replace(game.events[-1], recorded_at=at(52))))
    assert fresh(game) == [("HighApiLatency", 45)]
    assert detections(game.history()) == (1, 1)
    assert covered(game).doubted == ("alertmanager",)
    assert covered(game).preexisting == ()
    assert alerts.doubted(game.history(), at(30)) == {"alertmanager": 300}


def test_a_monitor_that_delivers_anything_in_time_is_believed():
    game = fired(fired(BASE, "DiskFull", -3600, delivered=45), "HighApiLatency", 43, delivered=45)
    assert fresh(game) == [("HighApiLatency", 43)]
    assert covered(game).preexisting == ("DiskFull",)
    assert covered(game).doubted == ()


def test_what_was_received_before_the_fault_is_pre_existing_however_wrong_its_clock():
    game = fired(fired(BASE, "Old", -280, delivered=20), "HighApiLatency", -255, delivered=45)
    assert covered(game).preexisting == ("Old",)
    assert fresh(game) == [("HighApiLatency", 45)]


def test_a_monitor_that_is_late_by_the_same_time_in_every_delivery_is_doubted():
    game = BASE
    for number, received in enumerate((400, 460, 520)):
        game = fired(game, "HighApiLatency", received - 300, key=str(number), delivered=received)
    assert [when for _, when in fresh(game)] == [400, 460, 520]
    late = BASE
    for number, received in enumerate((400, 401, 402)):  # one delivery that was held up
        late = fired(late, "HighApiLatency", received - 300, key=str(number), delivered=received)
    assert [when for _, when in fresh(late)] == [100, 101, 102]


def alert_states(game):
    found = covered(game)
    return {
        name: getattr(found, name)
        for name in ("missing", "late", "not_due", "unknown", "preexisting", "doubted")
    }


def nothing_but(**states):
    return dict.fromkeys(("missing", "late", "not_due", "unknown", "preexisting", "doubted"), ()) | states


def test_an_alert_alone_that_is_old_or_whose_clock_is_slow_is_neither_in_time_nor_old():
    alone = fired(BASE, "HighApiLatency", -255, delivered=45)
    assert alert_states(alone) == nothing_but(unknown=("HighApiLatency",), doubted=("alertmanager",))
    assert fresh(alone) == []
    assert not alone.ack(50).result().milestones.by_name[MilestoneName.ALERTED].known
    # whoever acknowledged noticed something after the fault
    assert second(alone.ack(50, alert="HighApiLatency").result().milestones.at(MilestoneName.DETECTED)) == 50


@pytest.mark.parametrize(
    ("ended", "received", "state"),
    [
        pytest.param(-200, 100, {"doubted": ("alertmanager",)}, id="ends as late: a slow clock"),
        pytest.param(99, 100, {"preexisting": ("HighApiLatency",)}, id="ends in time: an old alert"),
        pytest.param(10, 110, {"preexisting": ("HighApiLatency",)}, id="ends by a clock that is less slow"),
    ],
)
def test_the_end_of_an_alert_shows_whether_it_is_old_or_its_clock_is_slow(ended, received, state):
    game = resolved(
        fired(BASE, "HighApiLatency", -255, delivered=45), "HighApiLatency", ended, delivered=received
    )
    expected = {"missing": ("HighApiLatency",)} if "preexisting" in state else {}
    assert alert_states(game) == nothing_but(**state, **expected)


def test_an_old_alert_that_is_repeated_is_told_from_others_that_are_less_late():
    group = fired(BASE, "DiskFull", -600, delivered=45)
    group = fired(fired(group, "HighApiLatency", 5, delivered=45), "Other", 4, delivered=45)
    assert alert_states(group)["preexisting"] == ("DiskFull",)
    assert alert_states(group)["doubted"] == ("alertmanager",)  # 40 s late: slow, or held up


def test_no_clock_is_slow_by_an_hour():
    assert alert_states(fired(BASE, "HighApiLatency", -4000, delivered=45)) == nothing_but(
        missing=("HighApiLatency",), preexisting=("HighApiLatency",)
    )


def test_a_rule_that_names_an_alert_of_which_it_is_not_known_whether_it_is_old_is_not_known_either():
    rules = MilestoneRules(
        detected=Rule(all=False, conditions=(Condition(alert="HighApiLatency", state="firing"),))
    )
    game = replace(BASE, scenario=replace(SCENARIO, milestones=rules)).bad("POST /checkout", 30, 80)
    detected = fired(game, "HighApiLatency", -255, delivered=45).over(at=100).result().milestones
    assert (detected.at(MilestoneName.DETECTED), detected.by_name[MilestoneName.DETECTED].known) == (
        None,
        False,
    )


# --- firing again --------------------------------------------------------------------------------


def flapped(received):
    game = resolved(fired(BASE, "HighApiLatency", 40, delivered=45), "HighApiLatency", 60, delivered=65)
    return fired(game, "HighApiLatency", 40, delivered=received)


def test_an_alert_that_fires_again_with_its_old_start_is_a_new_episode_from_its_receipt():
    assert fresh(flapped(100)) == [("HighApiLatency", 40), ("HighApiLatency", 100)]
    (state,) = {state for _, state in alerts.states(flapped(100).history(), at(30), "HighApiLatency")[-1:]}
    assert state == "firing"


def test_the_late_delivery_of_a_twin_is_no_new_episode():
    assert fresh(flapped(90)) == [("HighApiLatency", 40)]
    assert alerts.states(flapped(90).history(), at(30), "HighApiLatency")[-1][1] == "resolved"


def test_an_alert_from_before_the_fault_that_fires_again_after_it_is_new():
    old = resolved(fired(BASE, "HighApiLatency", 10, delivered=12), "HighApiLatency", 20, delivered=22)
    assert fresh(fired(old, "HighApiLatency", 10, delivered=70)) == [("HighApiLatency", 70)]


# --- what is late, and what was not due ----------------------------------------------------------


def test_within_counts_to_the_delivery_and_an_alert_that_fired_in_time_is_not_called_in_time():
    expected = covered(fired(BASE, "HighApiLatency", 40, delivered=95))
    assert (expected.late, expected.delivered_late) == (("HighApiLatency",), ("HighApiLatency",))
    assert covered(fired(BASE, "HighApiLatency", 95)).delivered_late == ()


def bound(seconds):
    return Bound(at=at(seconds), earliest=at(seconds), latest=at(seconds))


@pytest.mark.parametrize(("healthy", "not_due"), [(60, ("HighApiLatency",)), (91, ()), (None, ())])
def test_an_alert_that_users_recovery_left_no_time_to_fire_is_not_missing(healthy, not_due):
    affected = SloImpact(slo="checkout-latency", judged=True)
    ended = None if healthy is None else bound(healthy)
    impact = Impact(started=bound(31), ended=ended, slos=(affected,))
    missing = alerts.coverage(BASE.history(), at(30), at(31), impact)
    assert missing.not_due == not_due
    assert missing.missing == (() if not_due else ("HighApiLatency",))


def test_an_alert_that_comes_late_after_users_were_healthy_is_no_worse_than_one_that_never_comes():
    scenario = replace(SCENARIO, expect=(Expectation(alert="HighApiLatency", within=20.0),))
    healed = replace(BASE, scenario=scenario).bad("POST /checkout", 30, 45)
    for game in (
        healed,
        healed.alert("HighApiLatency", 70),
        healed.alert("HighApiLatency", 40, delivered=70),
    ):
        found = game.over(at=100).result().alerts
        assert (found.late, found.delivered_late, found.not_due) == ((), (), ("HighApiLatency",))
    still = replace(BASE, scenario=scenario).bad("POST /checkout", 30, 60).alert("HighApiLatency", 70)
    assert still.over(at=100).result().alerts.late == ("HighApiLatency",)


def test_no_alert_is_late_or_missing_where_it_is_not_known_since_when_users_were_affected():
    unseen = BASE.silent("POST /checkout", 30, 160)
    for game in (unseen, unseen.alert("HighApiLatency", 95)):
        found = replace(game, until=160).over(at=150).result().alerts
        assert (found.missing, found.late, found.unknown) == ((), (), ("HighApiLatency",))
    prompt = unseen.alert("HighApiLatency", 85).over(at=150).result().alerts
    assert (prompt.late, prompt.unknown) == ((), ())
    nothing = replace(SCENARIO, slos=())
    unmeasured = replace(BASE, scenario=nothing).alert("HighApiLatency", 95)
    assert unmeasured.over(at=150).result().alerts.late == ("HighApiLatency",)


# --- bots ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "by", ["bot-paging", "automation/runbook", "Event Orchestration", "PagerDuty Bot", "x[bot]"]
)
def test_a_bots_acknowledgement_is_not_the_teams(by):
    game = acked(fired(BASE, "HighApiLatency", 40), "HighApiLatency", 41, by=by)
    assert detections(game.history()) == (1, 0)
    assert [each.event.by for each in alerts.acknowledged_by_bots(game.history(), at(30))] == [by]
    system = replace(game, scenario=replace(SCENARIO, responders=Party.AUTOMATION))
    assert detections(system.history()) == (1, 1)


@pytest.mark.parametrize("by", ["", "ada", "Abbott", "Robert Ott"])
def test_a_person_is_no_bot(by):
    game = acked(fired(BASE, "HighApiLatency", 40), "HighApiLatency", 41, by=by)
    assert detections(game.history()) == (1, 1)


# --- storms --------------------------------------------------------------------------------------


def test_one_series_that_flaps_thousands_of_times_is_judged_within_a_second():
    opening = BASE.history().events
    events = [
        ev.Event(
            id=EventId(f"e{number}"),
            drill=opening[0].drill,
            occurred_at=instant(EPOCH + 35 + number / 10),
            recorded_at=instant(EPOCH + 40 + number / 10),
            source="alertmanager",
            fact=(ev.AlertResolved if number % 2 else ev.AlertFired)(key="one", alert="HighApiLatency"),
        )
        for number in range(6000)
    ]
    storm = history.from_events((*opening, *events))
    begin = time.process_time()
    assert len(alerts.fresh(storm, at(30))) == 3000
    assert alerts.coverage(storm, at(30), at(31)).late == ()
    assert time.process_time() - begin < 1.0


def test_six_thousand_alerts_are_judged_within_a_second():
    opening = BASE.history().events
    events = [
        ev.Event(
            id=EventId(f"e{number}"),
            drill=opening[0].drill,
            recorded_at=instant(EPOCH + 40 + number / 100),
            source="alertmanager",
            fact=ev.AlertFired(key=str(number), alert=f"Noise{number % 2000}", labels={"service": "billing"}),
        )
        for number in range(6000)
    ]
    storm = history.from_events((*opening, *events))
    begin = time.process_time()
    assert len(alerts.coverage(storm, at(30), at(31)).unexpected) == 2000
    assert list(alerts.acknowledged(storm, at(30))) == []
    assert time.process_time() - begin < 1.0
