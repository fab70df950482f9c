"""Guardrail `cloudwatch`, as it is written."""

from gameday.core.plans.scenario import Guardrail
from gameday.formats.scenario.guardrails import cloudwatch
from tests.formats.scenario.guardrails.written import mistake, stored


def test_an_alarm_is_read_as_it_is_written():
    assert stored("{cloudwatch: {alarm: HighErrors}}") == Guardrail(alarm="HighErrors", every=10.0)


def test_an_alarm_without_a_name_is_reported_at_its_place():
    assert "alarm" in mistake("{cloudwatch: {}}")


def test_an_alarm_counts_at_once():
    guardrail = Guardrail(alarm="HighErrors", lasting=30.0)
    assert cloudwatch.KIND.lasting(guardrail) == 0.0
