"""Guardrail `prometheus`, as it is written."""

import pytest

from gameday.core.plans.scenario import Guardrail, Query
from tests.formats.scenario.guardrails.written import mistake, stored


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
    ],
)
def test_a_query_is_read_as_it_is_written(line, guardrail):
    assert stored(line) == guardrail


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
    ],
)
def test_a_wrong_query_is_reported_at_its_place(line, message):
    assert message in mistake(line)
