"""What preflight would refuse, as far as files tell: for `gameday validate --strict`.

Comes in: a catalogue that was checked. Goes out: mistakes, at the place in the scenario or in gameday.toml
that would have to change. Does not: touch a target, ask a cluster or an account who it is (the one that is
meant is taken to answer), or mind what another hour would change: hours, freezes, approvals, leases.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gameday import wiring
from gameday.conduct.drill import policy_check as gathering
from gameday.core import policy as judging
from gameday.core.errors import InvalidFiles, Mistake, Refused
from gameday.core.plans.scenario import Scenario
from gameday.core.policy import Policy, SeenAccount, SeenCluster, Verdict
from gameday.formats.settings import reader as settings
from gameday.formats.text import reader
from gameday.formats.text.document import Document
from gameday.settings import Catalogue, Environment, Workspace
from gameday.system import clock, target

_PLACES = {"hosts": "load", "max_users": "load", "max_rps": "load", "max_hold": "hold"}
"""The key of a scenario that a rule is about; else its experiment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyPreview:
    """`ports.Identities` of the cluster and the account that the policy means."""

    rules: Policy

    async def kubernetes_context(self) -> SeenCluster:
        """Answer as the cluster that is meant."""
        meant = self.rules.kubernetes
        return (
            SeenCluster(context=meant.context, uid=meant.uid) if meant else SeenCluster(error="none is meant")
        )

    async def aws_account(self, instances: Sequence[str]) -> SeenAccount:
        """Answer as the account that is meant, its instances tagged as they must be."""
        meant = self.rules.aws
        if meant is None:
            return SeenAccount(error="none is meant")
        tags = {one: dict(meant.tags) for one in instances}
        return SeenAccount(account=meant.account, region=meant.region, tags=tags)


def check(catalogue: Catalogue) -> Iterator[Mistake]:
    """Tell what preflight would refuse of every scenario that has no mistake of its own so far."""
    space = catalogue.space
    wrong = {one.file for one in catalogue.mistakes if not one.warning}
    used: dict[str, Environment] = {}
    for path, kind in tuple(catalogue.kinds.items()):
        scenario = catalogue.value(path, kind) if kind == "scenario" and path not in wrong else None
        if scenario is None:
            continue
        try:
            used[scenario.environment] = space.settings.environment(scenario.environment)
        except InvalidFiles as unset:
            yield from unset.mistakes
            continue
        document = catalogue.check(path, "scenario").document
        yield from _scenario(space, document, scenario, used[scenario.environment])
    yield from _hooks(space, used)


def _scenario(
    space: Workspace, document: Document, scenario: Scenario, place: Environment
) -> Iterator[Mistake]:
    for verdict in dict.fromkeys(_refused(space, scenario, place)):
        where = _PLACES.get(verdict.rule, "experiment")
        said = f"policy of {place.name}: {verdict.subject}: {verdict.why}"
        yield document.mistake((where,), said, hint=verdict.hint)
    for number, guardrail in enumerate(scenario.guardrails):
        query = guardrail.prometheus
        if query is not None and not (query.url or place.prometheus):
            yield document.mistake(
                ("guardrails", number),
                f"guardrail {guardrail.name} can't be evaluated: nothing names a Prometheus",
                hint=f"give it a url, or [environments.{place.name}] its prometheus",
            )


def _refused(space: Workspace, scenario: Scenario, place: Environment) -> Iterator[Verdict]:
    """Give the verdicts that no other hour and no other cluster would change."""
    rules = place.rules or judging.LOOPBACK
    timeless = replace(rules, hours=(), freezes=(), protected=False)
    policy_sources = replace(wiring.policy_sources(space.root), identities=PolicyPreview(rules=rules))
    named = replace(scenario, environment=place.name)
    try:
        verdicts = asyncio.run(
            gathering.judge(named, timeless, policy_sources, now=clock.now(), base_url=place.base_url)
        )
    except Refused as refused:
        yield Verdict(rule="policy", allowed=False, subject="files", why=refused.message, hint=refused.hint)
        return
    yield from (verdict for verdict in verdicts if not verdict.allowed)


def _hooks(space: Workspace, used: dict[str, Environment]) -> Iterator[Mistake]:
    """Tell which command of an environment is not there to be run."""
    document = _settings(space) if used else Document(file=settings.FILE, data=None)
    for name, place in used.items():
        for hook, command in (("up", place.up), ("down", place.down), ("reset", place.reset)):
            if command and not _found(space, command[0]):
                yield document.mistake(
                    ("environments", name, hook),
                    f"there is no command '{command[0]}'",
                    hint="install it, or write its path from the workspace's root",
                )


def _found(space: Workspace, command: str) -> bool:
    if "/" in command:
        return shutil.which(str(space.root / command)) is not None
    return shutil.which(command, path=target.own_path()) is not None


def _settings(space: Workspace) -> Document:
    return reader.attempt(reader.read, space.read(settings.FILE), settings.FILE)
