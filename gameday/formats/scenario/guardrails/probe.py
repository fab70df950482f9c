"""Guardrail `probe`: a Chaos Toolkit probe is outside its tolerance."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from gameday.core.plans.scenario import Guardrail
from gameday.formats.scenario.guardrails.base import GuardrailKind, at_once
from gameday.formats.text.models import Strict
from gameday.formats.text.types import LongerThanZero


class ProbeGuardrail(Strict):
    """Abort when a Chaos Toolkit probe is outside its tolerance."""

    probe: dict[str, Any] = Field(description="a Chaos Toolkit probe")
    tolerance: Any = Field(
        default=None, description="the expected answer, if the probe has no tolerance of its own"
    )
    every: LongerThanZero = Field(default=5.0, description="how often it is run")


def probe_text(probe: dict[str, Any], tolerance: Any) -> str:
    """Write a probe as JSON text with its tolerance in it."""
    return json.dumps(probe if tolerance is None else {**probe, "tolerance": tolerance}, ensure_ascii=False)


def _store(written: ProbeGuardrail) -> Guardrail:
    return Guardrail(probe=probe_text(written.probe, written.tolerance), every=written.every)


KIND = GuardrailKind(key="probe", model=ProbeGuardrail, store=_store, lasting=at_once)
