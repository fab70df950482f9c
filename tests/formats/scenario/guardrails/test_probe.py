"""Guardrail `probe`, as it is written."""

import json

import pytest

from gameday.formats.scenario.guardrails import probe
from tests.formats.scenario.guardrails.written import stored

PROBE = {"type": "probe", "name": "größe", "provider": {"type": "http", "url": "http://h"}}


@pytest.mark.parametrize("tolerance", [200, 0, False, [200, 204], {"type": "regex", "pattern": "ok"}])
def test_a_tolerance_next_to_the_probe_goes_into_it(tolerance):
    assert json.loads(probe.probe_text(PROBE, tolerance)) == {**PROBE, "tolerance": tolerance}


def test_a_probes_own_tolerance_stays_where_none_is_written_next_to_it():
    own = {**PROBE, "tolerance": 204}
    assert json.loads(probe.probe_text(own, None)) == own


def test_a_probe_is_stored_as_text_and_counts_at_once():
    guardrail = stored(f"{{probe: {json.dumps(PROBE)}, tolerance: 200}}")
    assert json.loads(guardrail.probe) == {**PROBE, "tolerance": 200}
    assert (guardrail.every, probe.KIND.lasting(guardrail)) == (5.0, 0.0)
