"""Guardrails of every kind, as people write them in scenario.yaml."""

import pytest

from gameday.core.plans.scenario import Guardrail, Query
from gameday.formats.scenario import reader as scenario
from gameday.formats.text import reader
from tests.formats import mistakes

HEAD = """scenario: test
title: Test
environment: shop
experiment: ../experiments/e.json
load: {locustfile: ../l.py}
slos: [{slo: all}, {slo: login}]
"""


def read(text):
    found = scenario.check(reader.attempt(reader.read, (HEAD + text).encode(), "scenarios/s.yaml"))
    assert found.value is not None, found.mistakes
    return found.value


def lines_of(text):
    return mistakes.lines_of(HEAD + text, "scenarios/s.yaml", scenario.check)


@pytest.mark.parametrize(
    ("line", "guardrail"),
    [
        (
            "{prometheus: {query: errors, above: 0.05, for: 20s}}",
            Guardrail(prometheus=Query(query="errors", above=0.05), lasting=20.0),
        ),
        (
            "{prometheus: {url: 'http://p:9090', query: up, below: 1, every: 2s}}",
            Guardrail(prometheus=Query(query="up", url="http://p:9090", below=1.0), every=2.0),
        ),
        ("{cloudwatch: {alarm: HighErrors}}", Guardrail(alarm="HighErrors", every=10.0)),
        ("{slo: login, below: 95%, for: 30s}", Guardrail(slo="login", below=0.95, lasting=30.0)),
    ],
)
def test_a_guardrail_is_read_as_it_is_written(line, guardrail):
    assert read(f"guardrails: [{line}]").guardrails == (guardrail,)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{prometheus: {query: up}}", "a query needs one bound, above or below"),
        ("{prometheus: {query: up, above: 1, below: 2}}", "a query needs one bound, above or below"),
        ("{prometheus: {qeury: up, above: 1}}", "qeury"),
        ("{prometheus: {query: up, above: much}}", "expected a number, not the text 'much'"),
        (
            "{prometheus: {query: up, above: 1, url: 'prometheus:9090'}}",
            "'prometheus:9090' is not a URL | write http://HOST:PORT",
        ),
        ("{cloudwatch: {}}", "alarm"),
        ("{cloudwatch: {alarm: a}, slo: login}", "a guardrail has 'slo' and 'cloudwatch'"),
    ],
)
def test_a_wrong_guardrail_is_reported_at_its_place(line, message):
    found = lines_of(f"guardrails:\n  - {line}\n")
    assert len(found) == 1
    assert found[0].startswith("8:")
    assert message in found[0]
