"""A stage whose drill has guardrails, and a meter that the test sets."""

from dataclasses import replace

from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Query
from gameday.ports import Reading
from gameday.testing.drill.meter import FakeMeter
from tests.conduct.stage import SCENARIO, Stage

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
