"""A guardrail on the users' own requests: too few good ones, or none at all."""

from dataclasses import replace

from gameday.conduct.drill.guardrails.polled import GRACE
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Guardrail
from tests.conduct.drill.guardrails.staged import staged, tripped
from tests.conduct.stage import SCENARIO, Stage


def test_a_guardrail_on_an_slo_aborts_with_its_name():
    scenario = replace(SCENARIO, guardrails=(Guardrail(slo="all", below=0.5, lasting=5.0),))
    history = Stage(scenario).play()
    assert "all" in history.first(ev.GuardrailTripped).fact.guardrail
    assert history.first(ev.AbortRequested).fact.reason == "guardrail"


def test_an_slo_that_nobody_asks_for_any_more_trips_after_its_grace():
    scenario = replace(SCENARIO, slos=(replace(SCENARIO.slos[0], request="GET /"),))
    stage = staged(Guardrail(slo="all", below=0.0, lasting=5.0), scenario=scenario)
    history = stage.at(10, lambda s: setattr(s.users, "request", ("GET", "/other"))).play()
    assert "no request matched" in tripped(history).detail
    assert 10 + GRACE <= stage.seconds(history, ev.GuardrailTripped) <= 10 + GRACE + 4
