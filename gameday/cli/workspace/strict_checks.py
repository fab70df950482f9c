"""Finds what preflight would refuse, as far as files show it, for `gameday validate --strict`.

A mistake is reported at the line of the scenario or of gameday.toml that would have to change. No target is
touched, and no cluster or account is asked for its identity: the one that the policy names is assumed to
answer. What depends on the time (hours, freezes, approvals, leases) is left out.
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

_KEYS = {"hosts": "load", "max_users": "load", "max_rps": "load", "max_hold": "hold"}
"""The key of a scenario that a rule is about; else its experiment."""


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
        """Give nothing: no process is started."""
        return ()


def check(catalogue: Catalogue) -> Iterator[Mistake]:
    """Find what preflight would refuse, in every scenario that has no mistake of its own."""
    space = catalogue.space
    invalid = {mistake.file for mistake in catalogue.mistakes if not mistake.warning}
    used: dict[str, Environment] = {}
    for path, kind in tuple(catalogue.kinds.items()):
        scenario = catalogue.value(path, kind) if kind == "scenario" and path not in invalid else None
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
    space: Workspace, document: Document, scenario: Scenario, environment: Environment
) -> Iterator[Mistake]:
    for verdict in dict.fromkeys(_refused(space, scenario, environment)):
        key = _KEYS.get(verdict.rule, "experiment")
        message = f"policy of {environment.name}: {verdict.subject}: {verdict.why}"
        yield document.mistake((key,), message, hint=verdict.hint)
    for number, guardrail in enumerate(scenario.guardrails):
        query = guardrail.prometheus
        if query is not None and not (query.url or environment.prometheus):
            yield document.mistake(
                ("guardrails", number),
                f"guardrail {guardrail.name} cannot be evaluated: no Prometheus is configured",
                hint=f"give it a `url`, or set `prometheus` in [environments.{environment.name}]",
            )


def _refused(space: Workspace, scenario: Scenario, environment: Environment) -> Iterator[Verdict]:
    """Give the refusals that would hold at any time and for any cluster."""
    rules = environment.rules or judging.LOOPBACK
    timeless = replace(rules, hours=(), freezes=(), protected=False)
    policy_sources = replace(wiring.policy_sources(space.root), identities=PolicyPreview(rules=rules))
    named = replace(scenario, environment=environment.name)
    try:
        verdicts = asyncio.run(
            gathering.judge(named, timeless, policy_sources, now=clock.now(), base_url=environment.base_url)
        )
    except Refused as refused:
        yield Verdict(rule="policy", allowed=False, subject="files", why=refused.message, hint=refused.hint)
        return
    yield from (verdict for verdict in verdicts if not verdict.allowed)


def _hooks(space: Workspace, used: dict[str, Environment]) -> Iterator[Mistake]:
    """Find the commands of environments that are not installed."""
    document = _settings(space) if used else Document(file=settings.FILE, data=None)
    for name, environment in used.items():
        hooks = (("up", environment.up), ("down", environment.down), ("reset", environment.reset))
        for hook, command in hooks:
            if command and not _exists(space, command[0]):
                yield document.mistake(
                    ("environments", name, hook),
                    f"command '{command[0]}' not found",
                    hint="install it, or give its path from the workspace's root",
                )


def _exists(space: Workspace, command: str) -> bool:
    if "/" in command:
        return shutil.which(str(space.root / command)) is not None
    return shutil.which(command, path=target.own_path()) is not None


def _settings(space: Workspace) -> Document:
    return reader.attempt(reader.read, space.read(settings.FILE), settings.FILE)
