"""The table of guardrail kinds."""

import pkgutil

import pytest

from gameday.formats.scenario.guardrails.table import KINDS
from tests.formats.scenario.guardrails.written import mistake


def test_a_guardrail_is_of_one_kind():
    found = mistake("{cloudwatch: {alarm: a}, slo: login}")
    assert "a guardrail has 'slo' and 'cloudwatch'" in found


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_key_of_a_kind_is_one_that_its_model_requires(kind):
    assert kind.model.model_fields[kind.key].is_required()


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.meter], ids=lambda kind: kind.key)
def test_the_meter_of_a_kind_can_be_opened(kind):
    assert callable(pkgutil.resolve_name(kind.meter).open)
