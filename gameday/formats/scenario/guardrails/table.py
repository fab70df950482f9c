"""The table of guardrail kinds: a new kind adds one line. The order is that of the published schema."""

from __future__ import annotations

from gameday.formats.scenario.guardrails import cloudwatch, probe, prometheus, slo
from gameday.formats.scenario.guardrails.base import GuardrailKind

KINDS: dict[str, GuardrailKind] = {
    kind.key: kind
    for kind in (
        slo.KIND,
        probe.KIND,
        prometheus.KIND,
        cloudwatch.KIND,
    )
}
