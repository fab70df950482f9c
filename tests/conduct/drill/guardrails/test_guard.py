"""Guardrails on the virtual clock: what trips, when, and what it is called."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.conduct.drill.guardrails.always_on import Lag, Monitors, TimeBox
from gameday.conduct.drill.guardrails.guard import LOOK_INTERVAL
from gameday.conduct.drill.guardrails.polled import GRACE
from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Guardrail, Query, Slo
from gameday.core.values import Instant, Severity
from gameday.ports import Reading
from gameday.testing.drill.meter import FakeMeter
from gameday.testing.drill.rollback_player import REFUSED, UNDONE
from tests.conduct.stage import AUTOMATION, SCENARIO, Stage

QUERY = Query(query="errors", above=5.0)


def staged(*guardrails, scenario=SCENARIO):
    meter = FakeMeter()
    stage = Stage(replace(scenario, guardrails=guardrails), meters={"prometheus": meter, "cloudwatch": meter})
    stage.meter = meter
    return stage


def breach(stage, detail="7 now"):
    stage.meter.reading = Reading(breached=True, detail=detail)


def tripped(history):
    found = history.first(ev.GuardrailTripped)
    return None if found is None else found.fact


def test_a_query_that_is_breached_for_its_time_aborts_with_its_name_and_value():
    stage = staged(Guardrail(prometheus=QUERY, lasting=10.0, every=1.0)).at(20, breach)
    history = stage.play()
    assert tripped(history).guardrail == "prometheus errors above 5 for 10s"
    assert tripped(history).detail == "7 now"
    assert 30 <= stage.seconds(history, ev.GuardrailTripped) <= 32
    assert history.first(ev.AbortRequested).fact.reason == "guardrail"


def test_a_query_that_is_breached_for_less_than_its_time_aborts_nothing():
    stage = staged(Guardrail(prometheus=QUERY, lasting=10.0, every=1.0)).at(20, breach)
    stage.at(28, lambda s: setattr(s.meter, "reading", Reading(breached=False)))
    assert tripped(stage.play()) is None


def test_an_alarm_aborts_at_once():
    stage = staged(Guardrail(alarm="HighErrors", every=1.0)).at(20, breach)
    history = stage.play()
    assert tripped(history).guardrail == "cloudwatch alarm HighErrors"
    assert stage.seconds(history, ev.GuardrailTripped) <= 21.5


@pytest.mark.parametrize(
    "blind",
    [
        lambda s: setattr(s.meter, "reading", Reading(breached=None, detail="refused")),
        lambda s: setattr(s.meter, "hangs", True),
    ],
    ids=["refuses", "hangs"],
)
def test_what_can_not_be_evaluated_trips_after_its_grace(blind):
    stage = staged(Guardrail(prometheus=QUERY, every=1.0)).at(20, blind)
    history = stage.play()
    assert "could not be evaluated" in tripped(history).detail
    assert 20 + GRACE <= stage.seconds(history, ev.GuardrailTripped) <= 20 + GRACE + 3


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (Reading(breached=None, detail="refused"), "can't be evaluated: refused"),
        (Reading(breached=True, detail="9 now"), "is breached before the fault: 9 now"),
    ],
)
def test_no_drill_is_started_blind_or_into_trouble(reading, message):
    stage = staged(Guardrail(prometheus=QUERY))
    stage.meter.reading = reading
    history = stage.play()
    assert message in stage.error.message
    assert history.first(ev.FaultRequested) is None


def test_a_source_that_nothing_can_read_is_refused():
    stage = Stage(replace(SCENARIO, guardrails=(Guardrail(alarm="HighErrors"),)))
    stage.play()
    assert "nothing here can read it" in stage.error.message


def test_an_slo_that_prometheus_counts_is_asked_there():
    counted = Slo(slo="orders", source="prometheus", good="ok", total="all")
    scenario = replace(SCENARIO, slos=(*SCENARIO.slos, counted))
    stage = staged(Guardrail(slo="orders", below=0.9, lasting=1.0), scenario=scenario)
    stage.play()
    assert stage.meter.asked[0].prometheus == Query(query="(ok) / (all)", below=0.9)


def test_an_slo_that_nobody_asks_for_any_more_trips_after_its_grace():
    scenario = replace(SCENARIO, slos=(replace(SCENARIO.slos[0], request="GET /"),))
    stage = staged(Guardrail(slo="all", below=0.0, lasting=5.0), scenario=scenario)
    history = stage.at(10, lambda s: setattr(s.users, "request", ("GET", "/other"))).play()
    assert "no request matched" in tripped(history).detail
    assert 10 + GRACE <= stage.seconds(history, ev.GuardrailTripped) <= 10 + GRACE + 4


def test_a_guardrail_still_stands_while_the_fault_is_reverted():
    stage = staged(Guardrail(prometheus=QUERY, lasting=1.0, every=1.0))
    stage.keeper.slow = 30.0
    stage.say(20, ev.EndRequested()).at(25, breach)
    history = stage.play()
    assert 25 <= stage.seconds(history, ev.GuardrailTripped) <= 28
    assert exposure.open_faults(history) == ()


def test_a_guardrail_is_not_judged_before_the_injection_nor_after_the_revert():
    stage = staged(Guardrail(alarm="HighErrors", every=1.0), scenario=AUTOMATION)
    stage.at(2, breach).at(4, lambda s: setattr(s.meter, "reading", Reading(breached=False)))
    stage.at(30, lambda s: setattr(s.world, "mended", True)).at(43, breach)
    history = stage.play()
    assert tripped(history) is None
    assert history.last(ev.DrillClosed).fact.how == "completed"


def test_a_monitor_that_falls_silent_aborts():
    stage = staged()

    def beat(s):
        s.context.signals.heartbeats["alertmanager"] = s.clock.now()

    for second in range(1, 21, 2):
        stage.at(second, beat)
    history = stage.play()
    assert tripped(history).guardrail == "monitor"
    assert "alertmanager has been silent" in tripped(history).detail
    assert 29 <= stage.seconds(history, ev.GuardrailTripped) <= 30


def test_a_monitor_without_a_heartbeat_may_be_silent():
    assert tripped(staged().play()) is None


def test_a_monitor_heard_once_is_given_longer():
    heard = {"alertmanager": Instant(0.0)}
    monitors = Monitors(heartbeats=lambda: heard)
    assert not monitors.judge(Instant(179.0))
    assert "alertmanager" in monitors.judge(Instant(181.0))


def test_our_own_lag_aborts():
    stage = staged().at(20, lambda s: s.clock.advance(8))
    history = stage.play()
    assert tripped(history).guardrail == "own lag"
    assert not stage.world.fault


@pytest.mark.parametrize(("pauses", "trips"), [([3.0], False), ([3.0, 0.25, 3.0], False), ([3.0, 3.0], True)])
def test_lag_must_last(pauses, trips):
    lag, now, said = Lag(), Instant(0.0), ""
    lag.judge(now)
    for pause in pauses:
        now = Instant(now + pause)
        said = said or lag.judge(now)
    assert bool(said) is trips


def test_a_drill_that_outlasts_its_plan_is_aborted():
    stage = staged()
    stage.keeper.slow = 300.0
    history = stage.play()
    assert tripped(history).guardrail == "time box"
    assert 150 <= stage.seconds(history, ev.GuardrailTripped) <= 152


def test_a_time_box_without_an_end_never_trips():
    assert TimeBox(limit=lambda: None).judge(Instant(1e12)) == ""


@given(st.lists(st.floats(min_value=0.0, max_value=2.2), max_size=50))
def test_looks_that_are_never_much_late_never_trip(pauses):
    lag, now = Lag(), Instant(0.0)
    for pause in pauses:
        now = Instant(now + pause)
        assert lag.judge(now) == ""
    assert LOOK_INTERVAL < 2.2


MOMENTS = st.none() | st.floats(min_value=0, max_value=150)
ACTS = {
    "trip": breach,
    "abort": lambda s: s.people.write(ev.AbortRequested(reason="safety")),
    "end": lambda s: s.people.write(ev.EndRequested()),
    "keeper dies": lambda s: setattr(s.keeper, "living", False),
    "load dies": lambda s: setattr(s.users, "gone", "killed"),
    "lag": lambda s: s.clock.advance(9),
    "mend": lambda s: setattr(s.world, "mended", True),
    "real incident": lambda s: s.people.write(ev.AlertFired(key="k", alert="Fire", severity="critical")),
}


@settings(max_examples=60, deadline=None)
@given(
    moments=st.fixed_dictionaries(dict.fromkeys(ACTS, MOMENTS)),
    slow=st.sampled_from([0.0, 3.0, 40.0]),
    fails=st.integers(min_value=0, max_value=2),
)
def test_in_whatever_order_things_die_recover_abort_and_trip_nothing_stays_exposed(moments, slow, fails):
    guarded = replace(SCENARIO, real_incident=Severity.P1)
    stage = staged(Guardrail(prometheus=QUERY, lasting=1.0, every=1.0), scenario=guarded)
    for name, at in moments.items():
        if at is not None:
            stage.at(at, ACTS[name])
    stage.keeper.slow = slow
    stage.rollback_player.outcomes = [REFUSED] * fails + [UNDONE]
    history = stage.play()
    assert exposure.open_faults(history) == ()
    assert not stage.world.fault
    assert history.last(ev.DrillClosed).fact.reverted
