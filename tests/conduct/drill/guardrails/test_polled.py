"""A guardrail whose source is asked again and again: breached for its time, or without an answer."""

from dataclasses import replace

import pytest

from gameday.conduct.drill.guardrails.polled import GRACE
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Guardrail
from gameday.ports import Reading
from tests.conduct.drill.guardrails.staged import QUERY, breach, staged, tripped
from tests.conduct.stage import SCENARIO, Stage


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


PROBE = '{"type": "probe", "name": "orders"}'


@pytest.mark.parametrize(("answer", "tripped"), [(False, True), (None, True), (True, False)])
def test_a_probe_guardrail_trips_when_it_fails_or_stays_silent(answer, tripped):
    stage = Stage(replace(SCENARIO, guardrails=(Guardrail(probe=PROBE, every=2.0),)))
    stage.at(20, lambda s: s.probes.answers.update({PROBE: answer}))
    found = stage.play().first(ev.GuardrailTripped)
    assert (found.fact.guardrail if found else "") == ("probe orders" if tripped else "")
