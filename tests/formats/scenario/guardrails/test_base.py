"""What the kinds of guardrail share."""

import json

from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from gameday.core.plans.scenario import Guardrail
from gameday.formats.scenario.guardrails import base
from gameday.formats.text.models import Strict


class Settings(Strict):
    """What the meter of a kind of our own needs."""

    query: str
    lasting: float = Field(alias="for")


@given(lasting=st.floats(0, 1e6))
def test_a_breach_counts_at_once_or_as_long_as_it_is_written(lasting):
    guardrail = Guardrail(lasting=lasting)
    assert (base.at_once(guardrail), base.as_written(guardrail)) == (0.0, lasting)


@given(query=st.text(), lasting=st.floats(0, 1e6))
def test_a_meter_finds_its_settings_as_they_were_written(query, lasting):
    settings = Settings.model_validate({"query": query, "for": lasting})
    guardrail = base.metered("own", "errors", settings, every=2.0, lasting=3.0)
    assert guardrail.metered is not None
    assert (guardrail.metered.kind, guardrail.metered.label) == ("own", "errors")
    assert json.loads(guardrail.metered.settings) == {"query": query, "for": lasting}
    assert (guardrail.every, guardrail.lasting) == (2.0, 3.0)
