"""Makes the checks of a scenario's own guardrails, each by what the table says of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gameday import ports
from gameday.conduct.drill.guardrails.guard import GuardrailCheck
from gameday.conduct.drill.guardrails.polled import PolledCheck, ProbeMeter
from gameday.conduct.drill.guardrails.slo import SloCheck
from gameday.conduct.drill.live_milestones import LiveMilestones
from gameday.core.plans.scenario import Guardrail, Query, Scenario, Slo
from gameday.core.values import Seconds
from gameday.ports import Reading


def build_checks(
    scenario: Scenario,
    *,
    live_milestones: LiveMilestones,
    clock: ports.Clock,
    prober: ports.Prober,
    meters: Mapping[str, ports.Meter],
) -> list[GuardrailCheck]:
    """Make the checks of a scenario's own guardrails. meters: by the key of their kind."""
    by_kind: dict[str, ports.Meter] = {"probe": ProbeMeter(prober), **meters}
    slos = {slo.slo: slo for slo in scenario.slos}

    def build(guardrail: Guardrail) -> GuardrailCheck:
        slo = slos.get(guardrail.slo)
        if slo is not None and slo.source == "load":
            return SloCheck(guardrail=guardrail, slo=slo, live_milestones=live_milestones)
        asked = guardrail if slo is None else _as_query(guardrail, slo)
        meter = by_kind.get(asked.kind)
        return PolledCheck(
            guardrail=guardrail, ask=lambda: _read(meter, asked), clock=clock, lasting=_lasting(asked)
        )

    return [build(guardrail) for guardrail in scenario.guardrails]


async def _read(meter: ports.Meter | None, guardrail: Guardrail) -> Reading:
    if meter is None:
        # Unknown, not good: after GRACE the guardrail trips.
        return Reading(breached=None, detail="nothing here can read it")
    return await meter.read(guardrail)


def _lasting(guardrail: Guardrail) -> Seconds:
    from gameday.formats.scenario.guardrails.table import KINDS  # noqa: PLC0415  # pydantic, only for a drill

    kind = KINDS.get(guardrail.kind)
    return guardrail.lasting if kind is None else kind.lasting(guardrail)


def _as_query(guardrail: Guardrail, slo: Slo) -> Guardrail:
    """Turn a guardrail on an SLO that Prometheus counts into one query."""
    query = Query(query=f"({slo.good}) / ({slo.total})", below=guardrail.below)
    return replace(guardrail, slo="", prometheus=query)
