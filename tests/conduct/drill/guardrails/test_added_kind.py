"""A new guardrail kind is two files and one line in the table."""

import json
import subprocess
import sys

import pytest

from gameday.core.plans.scenario import Guardrail, Query
from gameday.formats.scenario.guardrails.table import KINDS


@pytest.fixture(scope="module")
def played():
    command = [sys.executable, "-m", "tests.conduct.drill.guardrails.play_made_up_kind"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)


def test_it_ends_a_drill_by_its_name_and_value_after_its_time(played):
    assert played["tripped"] == {"guardrail": "queue orders above 10", "detail": "11 messages"}
    assert 25 <= played["after"] <= 27


def test_a_mistake_in_it_is_found_with_its_place_and_a_hint(played):
    assert "scenarios/s.yaml:4:" in played["mistake"]
    assert "most" in played["mistake"]


def test_it_is_stored_whole_and_in_the_published_schema(played):
    assert played["stored"]
    assert played["in schema"]


def test_every_kind_of_the_table_names_itself_as_its_guardrails_do():
    stored = {
        "slo": Guardrail(slo="all"),
        "probe": Guardrail(probe="{}"),
        "prometheus": Guardrail(prometheus=Query(query="errors", above=1.0)),
        "cloudwatch": Guardrail(alarm="a"),
    }
    assert {key: guardrail.kind for key, guardrail in stored.items()} == {key: key for key in KINDS}
