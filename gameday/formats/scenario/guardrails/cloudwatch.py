"""Guardrail `cloudwatch`: an alarm is in state ALARM. It counts at once: CloudWatch has waited."""

from __future__ import annotations

from pydantic import Field

from gameday.core.plans.scenario import Guardrail
from gameday.formats.scenario.guardrails.base import GuardrailKind, at_once
from gameday.formats.text.models import Strict
from gameday.formats.text.types import LongerThanZero, Text


class Alarm(Strict):
    """A CloudWatch alarm."""

    alarm: Text = Field(description="its name")
    every: LongerThanZero = Field(default=10.0, description="how often it is asked")


class CloudWatchGuardrail(Strict):
    """Abort when a CloudWatch alarm is in state ALARM."""

    cloudwatch: Alarm = Field(description="the alarm")


def _store(written: CloudWatchGuardrail) -> Guardrail:
    return Guardrail(alarm=written.cloudwatch.alarm, every=written.cloudwatch.every)


KIND = GuardrailKind(
    key="cloudwatch",
    model=CloudWatchGuardrail,
    store=_store,
    lasting=at_once,
    meter="gameday.faults.cloudwatch:CloudWatch",
)
