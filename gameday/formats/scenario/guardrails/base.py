"""What a kind of guardrail is: how it is written and stored, how long a breach must last, who reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gameday.core.plans.scenario import Guardrail, MeteredSettings
from gameday.core.values import Seconds
from gameday.formats.text.models import Strict


def at_once(_guardrail: Guardrail) -> Seconds:
    """Let the first reading beyond the bound end the drill."""
    return 0.0


def as_written(guardrail: Guardrail) -> Seconds:
    """Let a breach end the drill when it has lasted as long as the scenario's `for` says."""
    return guardrail.lasting


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardrailKind:
    """One line of the table.

    key      the key that names the kind in scenario.yaml
    model    the whole mapping as it is written, `key` included
    store    turns a filled model into the guardrail that a drill's history keeps
    lasting  for how many seconds a breach must last before the drill is ended
    meter    the class that reads it, as `module:Class` with `open(MeterContext)` (`ports.Meter`); empty:
             the drill reads it by itself
    """

    key: str
    model: type[Strict]
    store: Callable[[Any], Guardrail]
    lasting: Callable[[Guardrail], Seconds] = as_written
    meter: str = ""


def metered(key: str, label: str, settings: Strict, *, every: Seconds, lasting: Seconds = 0.0) -> Guardrail:
    """Store a guardrail of a kind without stored fields of its own. `settings`: what its meter needs."""
    text = json.dumps(settings.model_dump(mode="json", by_alias=True), ensure_ascii=False)
    stored = MeteredSettings(kind=key, label=label, settings=text)
    return Guardrail(metered=stored, every=every, lasting=lasting)
