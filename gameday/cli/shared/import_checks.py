"""Imports what scenarios name, in child processes, where the environment's policy allows the drill.

Importing runs code, so the policy is asked of names and sources first. It is asked as preflight would, but of
no cluster and no account: those that it names are assumed to answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gameday import wiring
from gameday.cli.shared import output
from gameday.conduct.drill import policy_check
from gameday.core.errors import InvalidFiles, Mistake, Refused
from gameday.core.plans.scenario import Scenario
from gameday.core.policy import LOOPBACK, Policy, SeenAccount, SeenCluster, Verdict
from gameday.settings import Environment, Workspace, imports
from gameday.settings.catalogue import Catalogue
from gameday.settings.drill import experiments_of
from gameday.system import clock


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyPreview:
    """`ports.Identities` that answers as the cluster and the account that the policy names."""

    rules: Policy

    async def kubernetes_context(self) -> SeenCluster:
        """Answer as the cluster that the policy names."""
        named = self.rules.kubernetes
        if named is None:
            return SeenCluster(error="the policy names none")
        return SeenCluster(context=named.context, uid=named.uid)

    async def aws_account(self, instances: Sequence[str]) -> SeenAccount:
        """Answer as the account that the policy names, its instances tagged as required."""
        named = self.rules.aws
        if named is None:
            return SeenAccount(error="the policy names none")
        tags = {instance: dict(named.tags) for instance in instances}
        return SeenAccount(account=named.account, region=named.region, tags=tags)

    async def hold(self) -> Sequence[str]:
        """Withhold nothing: nothing is started."""
        return ()


def refusals(
    space: Workspace,
    scenario: Scenario,
    environment: Environment,
    *,
    timeless: bool = False,
    hashes: Mapping[str, str] | None = None,
) -> tuple[Verdict, ...]:
    """Give what the policy refuses of a scenario.

    timeless: leave out hours, freezes and approvals. hashes: those of the drill's files.
    """
    rules = environment.rules or LOOPBACK
    if timeless:
        rules = replace(rules, hours=(), freezes=(), protected=False)
    sources = replace(wiring.policy_sources(space.root), identities=PolicyPreview(rules=rules))
    sources = replace(sources, packages=wiring.known_packages)  # what is not resolved yet, preflight resolves
    named = replace(scenario, environment=environment.name)
    judging = policy_check.judge(
        named, rules, sources, now=clock.now(), base_url=environment.base_url, hashes=hashes
    )
    try:
        return tuple(verdict for verdict in asyncio.run(judging) if not verdict.allowed)
    except Refused as refused:
        return (
            Verdict(rule="policy", allowed=False, subject="files", why=refused.message, hint=refused.hint),
        )


def must_import(space: Workspace, prepared: wiring.Prepared) -> None:
    """Import what a drill's files name, once its policy allows it. Raises InvalidFiles.

    Under a policy that refuses, nothing is imported: preflight will refuse the drill, on record.
    """
    scenario = prepared.planned.scenario
    if refusals(space, scenario, prepared.environment, hashes=prepared.planned.hashes):
        return
    catalogue = Catalogue(space)
    for path in experiments_of(scenario):
        catalogue.check(path, "experiment")
    if scenario.load is not None:
        catalogue.check(scenario.load.locustfile, "locustfile")
    rules = prepared.environment.rules or LOOPBACK
    imported = imports.check(catalogue, _files(scenario), scenario, rules.packages)
    if any(not mistake.warning for mistake in imported):
        raise InvalidFiles(imported)
    for warning in sorted({*imported} - {*prepared.warnings}):
        output.warn(str(warning))


def check(catalogue: Catalogue, environment: str = "") -> tuple[Mistake, ...]:
    """Import what the checked files name, where a policy allows it; give what does not import.

    environment: replaces that of scenarios. An experiment that no checked scenario names may be imported
    where any environment's policy allows it. Each file that may not is a warning.
    """
    scenarios = [
        checked.value
        for (_, kind), checked in catalogue.checked.items()
        if kind == "scenario" and checked.value is not None
    ]
    allowed: set[str] = set()
    named: set[str] = set()
    for scenario in scenarios:
        named |= _files(scenario)
        if _allows(catalogue.space, scenario, [environment or scenario.environment]):
            allowed |= _files(scenario)
    for path, kind in catalogue.kinds.items():
        if kind == "experiment" and path not in named:
            alone = Scenario(scenario=path, title=path, environment="", experiment=path)
            if _allows(catalogue.space, alone, [*catalogue.space.settings.environments]):
                allowed.add(path)
    return (*_refused(catalogue, allowed), *imports.check(catalogue, allowed))


def _files(scenario: Scenario) -> set[str]:
    """Name the files of a scenario that are imported, or name what is."""
    return {*experiments_of(scenario), *([scenario.load.locustfile] if scenario.load else [])}


def _allows(space: Workspace, scenario: Scenario, environments: Sequence[str]) -> bool:
    for name in environments:
        try:
            environment = space.settings.environment(name)
        except InvalidFiles:
            continue
        if not refusals(space, scenario, environment):
            return True
    return False


def _refused(catalogue: Catalogue, allowed: set[str]) -> Iterator[Mistake]:
    for path, kind in catalogue.kinds.items():
        if kind in {"experiment", "locustfile"} and path not in allowed:
            yield Mistake(
                file=path,
                message="not imported: no policy allows what it does now",
                hint="gameday policy check SCENARIO explains each verdict",
                warning=True,
            )
