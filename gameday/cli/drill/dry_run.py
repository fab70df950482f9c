"""`gameday run --dry-run`: prints what a drill would do, and refuses what its preflight would refuse.

Nothing is touched. The policy is asked, as preflight asks it; what it allows is imported in child processes.
Where alerts come from is tried: an address is bound for a moment, what is polled is asked once. What only the
target can answer is named as not checked.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from gameday import wiring
from gameday.cli.shared import import_checks, output
from gameday.conduct.drill import policy_check
from gameday.core import policy
from gameday.core.errors import ExitCode, NotReady
from gameday.core.plans import dry_run as planning
from gameday.core.policy import LOOPBACK, activities
from gameday.core.values import format_duration
from gameday.settings import Workspace
from gameday.system import clock

NOT_CHECKED = (
    "leases and earlier drills",
    "whether the target answers",
    "whether alerts arrive",
    "the targets of the fault",
    "guardrails",
    "steady state",
)
"""What preflight also checks, which only the target, the store or another system can answer."""


def show(space: Workspace, prepared: wiring.Prepared, *, json: bool) -> int:
    """Print the plan: moments, resolved targets, longest hold; and what was not checked.

    Raises Refused, NotReady or InvalidFiles where preflight would.
    """
    if not json:
        _print(prepared)
    verdicts = _check(space, prepared)
    if json:
        _print_json(
            prepared, verdicts, [asdict(each) for each in wiring.source_states(space, prepared.environment)]
        )
    else:
        output.data(f"policy: {verdicts}")
        for source in wiring.source_states(space, prepared.environment):
            output.data(f"{source.name} {source.detail}")
            if source.hint:
                output.data(f"  hint: {source.hint}")
        output.data(f"not checked here: {', '.join(NOT_CHECKED)}")
    return ExitCode.PASSED


def _check(space: Workspace, prepared: wiring.Prepared) -> str:
    planned = prepared.planned
    rules = planned.rules or LOOPBACK
    gathering = policy_check.facts(
        planned.scenario,
        rules,
        wiring.policy_sources(space.root),
        now=clock.now(),
        base_url=prepared.base_url,
        hashes=planned.hashes,
    )
    known = asyncio.run(gathering)
    verdicts = policy_check.admit(policy.check(rules, known))
    wanted = {name for document in known.documents for name in activities.required_variables(document)}
    unset = sorted(wanted - os.environ.keys())
    if unset:
        raise NotReady(
            f"the experiment reads variables that are not set: {', '.join(unset)}",
            hint=f"export {unset[0]}=…, or give it a `default` in the experiment's configuration",
        )
    import_checks.must_import(space, prepared)
    return verdicts


def _print(prepared: wiring.Prepared) -> None:
    plan = planning.compile(prepared.planned.scenario)
    output.data(f"{plan.scenario.title} ({plan.scenario.scenario}), on {plan.scenario.environment}")
    for name, target in _targets(prepared).items():
        output.data(f"  {name}: {target or '–'}")
    for moment in plan.moments:
        at = "" if moment.at is None else format_duration(moment.at)
        output.data(f"{at:>12}  {moment.phase:10}{moment.what}")
    output.data(
        f"longest hold {format_duration(plan.longest_hold)}; at most {format_duration(plan.longest)} in all"
    )


def _print_json(prepared: wiring.Prepared, verdicts: str, sources: Sequence[Mapping[str, object]]) -> None:
    plan = planning.compile(prepared.planned.scenario)
    output.data_json(
        {
            "scenario": plan.scenario.scenario,
            "targets": _targets(prepared),
            "longest_hold": plan.longest_hold,
            "longest": plan.longest,
            "moments": [asdict(moment) for moment in plan.moments],
            "policy": verdicts,
            "sources": list(sources),
            "not_checked": list(NOT_CHECKED),
        }
    )


def _targets(prepared: wiring.Prepared) -> dict[str, str]:
    return {"base_url": prepared.base_url, **prepared.targets}
