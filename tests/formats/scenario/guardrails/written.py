"""Reads guardrails as people write them in scenario.yaml."""

from gameday.core.plans.scenario import Guardrail
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


def stored(line) -> Guardrail:
    """Give the guardrail that a line becomes."""
    (guardrail,) = read(f"guardrails: [{line}]").guardrails
    return guardrail


def mistake(line) -> str:
    """Give the only mistake of a line, which must be reported at its place."""
    (found,) = lines_of(f"guardrails:\n  - {line}\n")
    assert found.startswith("8:")
    return found
