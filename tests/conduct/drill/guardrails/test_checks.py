"""Which check a guardrail gets, and whether it can be evaluated before the fault."""

from dataclasses import replace

import pytest

from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Guardrail, Query, Slo
from gameday.ports import Reading
from tests.conduct.drill.guardrails.staged import QUERY, staged
from tests.conduct.stage import SCENARIO, Stage


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
