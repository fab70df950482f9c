"""Guardrail `slo`, as it is written."""

from gameday.core.plans.scenario import Guardrail
from gameday.formats.scenario.guardrails import slo
from tests.formats.scenario.guardrails.written import mistake, stored


def test_a_share_of_good_requests_is_read_as_it_is_written():
    expected = Guardrail(slo="login", below=0.95, lasting=30.0)
    assert stored("{slo: login, below: 95%, for: 30s}") == expected
    assert stored("{slo: login, below: 0.95}") == expected


def test_a_share_of_more_than_all_requests_is_reported_at_its_place():
    assert "120% is more than 100%" in mistake("{slo: login, below: 120%}")


def test_a_breach_must_last_as_long_as_it_says():
    assert slo.KIND.lasting(Guardrail(slo="login", below=0.95, lasting=12.0)) == 12.0
