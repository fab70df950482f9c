"""Guardrails and scorecards by the names under which people and results know them."""

from __future__ import annotations

import pytest

from gameday.core.plans.scenario import Guardrail, MeteredSettings, Query, ScorecardRules

ERRORS = Query(query="sum(errors)", above=5.0)


@pytest.mark.parametrize(
    ("guardrail", "kind", "name"),
    [
        (Guardrail(slo="checkout", below=0.5, lasting=10.0), "slo", "slo checkout below 50% for 10s"),
        (Guardrail(prometheus=ERRORS, lasting=10.0), "prometheus", "prometheus sum(errors) above 5 for 10s"),
        (
            Guardrail(prometheus=Query(query="up", below=0.5), lasting=10.0),
            "prometheus",
            "prometheus up below 0.5 for 10s",
        ),
        (Guardrail(alarm="disk"), "cloudwatch", "cloudwatch alarm disk"),
        (Guardrail(probe='{"name": "still up"}'), "probe", "probe still up"),
        (Guardrail(probe="{}"), "probe", "probe"),
        (Guardrail(probe="not json"), "probe", "probe"),
        (
            Guardrail(metered=MeteredSettings(kind="datadog", label="m-1", settings="{}")),
            "datadog",
            "datadog m-1",
        ),
    ],
)
def test_a_guardrail_has_its_kind_and_its_name(guardrail, kind, name):
    assert (guardrail.kind, guardrail.name) == (kind, name)


def test_a_scorecard_is_named_with_its_version():
    assert ScorecardRules(scorecard="team", version=3, criteria=()).name == "team@3"
