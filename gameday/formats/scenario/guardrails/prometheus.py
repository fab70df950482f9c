"""Guardrail `prometheus`: the value of a query is beyond its bound."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from gameday.core.plans import scenario as core
from gameday.formats.scenario.guardrails.base import GuardrailKind
from gameday.formats.text import models
from gameday.formats.text.models import Strict
from gameday.formats.text.types import Duration, LongerThanZero, OptionalUrl, Text


class QueryModel(Strict):
    """A Prometheus query and the bound that its value must not pass."""

    query: Text = Field(description="PromQL; of several series the worst counts")
    url: OptionalUrl = Field(default="", description="where Prometheus answers (default: the environment's)")
    above: float | None = Field(default=None, description="more than this is too much")
    below: float | None = Field(default=None, description="less than this is too little")
    lasting: Duration = Field(
        default=30.0, alias="for", description="for how long, before the drill is aborted"
    )
    every: LongerThanZero = Field(default=5.0, description="how often it is asked")

    @model_validator(mode="before")
    @classmethod
    def _one_bound(cls, value: Any) -> Any:
        if isinstance(value, dict) and ("above" in value) == ("below" in value):
            raise models.mistake("a query needs one bound, above or below", "such as above: 0.05")
        return value


class PrometheusGuardrail(Strict):
    """Abort while Prometheus gives a value beyond a bound."""

    prometheus: QueryModel = Field(description="query, above or below, for")


def _store(written: PrometheusGuardrail) -> core.Guardrail:
    asked = written.prometheus
    query = core.Query(query=asked.query, url=asked.url, above=asked.above, below=asked.below)
    return core.Guardrail(prometheus=query, lasting=asked.lasting, every=asked.every)


KIND = GuardrailKind(
    key="prometheus",
    model=PrometheusGuardrail,
    store=_store,
    meter="gameday.signals.prometheus:Prometheus",
)
