"""Finds what preflight would refuse, as far as files show it, for `gameday validate --strict`.

A mistake is reported at the line of the scenario or of gameday.toml that would have to change. No target is
touched, and no cluster or account is asked for its identity: the one that the policy names is assumed to
answer. What depends on the time (hours, freezes, approvals, leases) is left out.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from gameday.cli.shared import import_checks
from gameday.core.errors import InvalidFiles, Mistake
from gameday.core.plans.scenario import Scenario
from gameday.formats.settings import reader as settings
from gameday.formats.text import reader
from gameday.formats.text.document import Document
from gameday.settings import Environment, Workspace
from gameday.settings.catalogue import Catalogue
from gameday.system import target

_KEYS = {"hosts": "load", "max_users": "load", "max_rps": "load", "max_hold": "hold"}
"""The key of a scenario that a rule is about; else its experiment."""


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
    for verdict in dict.fromkeys(import_checks.refusals(space, scenario, environment, timeless=True)):
        key = _KEYS.get(verdict.rule, "experiment")
        message = f"policy of {environment.name}: {verdict.subject}: {verdict.why}"
        yield document.mistake((key,), message, hint=verdict.hint)
    for number, guardrail in enumerate(scenario.guardrails):
        query = guardrail.prometheus
        if query is not None and not (query.url or environment.prometheus):
            yield document.mistake(
                ("guardrails", number),
                f"guardrail {guardrail.name} cannot be evaluated: no Prometheus is configured",
                hint="give it a `url`, or add an integration of the kind prometheus to "
                f"[environments.{environment.name}]",
            )


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
