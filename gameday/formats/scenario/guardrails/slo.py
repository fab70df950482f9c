"""Guardrail `slo`: too few of the users' requests are good."""

from __future__ import annotations

from pydantic import Field

from gameday.core.plans.scenario import Guardrail
from gameday.formats.scenario.guardrails.base import GuardrailKind
from gameday.formats.text.models import Strict
from gameday.formats.text.types import Duration, Fraction, Text


class SloGuardrail(Strict):
    """Abort while an SLO is far below what the fault is meant to do."""

    slo: Text = Field(description="an SLO of this scenario")
    below: Fraction = Field(description="a smaller share of good requests is too little")
    lasting: Duration = Field(
        default=30.0, alias="for", description="for how long, before the drill is aborted"
    )


def _store(written: SloGuardrail) -> Guardrail:
    return Guardrail(slo=written.slo, below=written.below, lasting=written.lasting)


KIND = GuardrailKind(key="slo", model=SloGuardrail, store=_store)
