"""Policy: whether a drill may start on an environment. Pure: the same facts give the same verdicts.

`check` takes a Policy and the Facts of what a drill would do, and gives a Verdict for each rule and subject,
with the reason. `conduct.drill.policy_check` asks the cluster and reads calendars and the clock.

What is not listed is not allowed; what is denied stays denied; what can't be known beforehand is
refused. An environment without a policy has `LOOPBACK`.
"""

from __future__ import annotations

from collections.abc import Iterator

from gameday.core.policy import choices, hours, limits, packages, patterns, providers, targets
from gameday.core.policy.model import (
    LOOPBACK,
    Account,
    Approval,
    Calendar,
    Cluster,
    Document,
    Facts,
    Freeze,
    Policy,
    SeenAccount,
    SeenCluster,
    Users,
    Verdict,
    WantedPackage,
)
from gameday.core.policy.targets import Needs, needs

__all__ = [
    "LOOPBACK",
    "Account",
    "Approval",
    "Calendar",
    "Cluster",
    "Document",
    "Facts",
    "Freeze",
    "Needs",
    "Policy",
    "SeenAccount",
    "SeenCluster",
    "Users",
    "Verdict",
    "WantedPackage",
    "allows",
    "check",
    "mistakes",
    "needs",
]


def check(policy: Policy, facts: Facts) -> tuple[Verdict, ...]:
    """Judge a drill by every rule, in a fixed order. It may start when all verdicts allow it."""
    return (
        *_unreadable(policy),
        *providers.verdicts(policy, facts),
        *targets.verdicts(policy, facts),
        *choices.verdicts(policy, facts),
        *limits.verdicts(policy, facts),
        *packages.verdicts(facts),
    )


def allows(verdicts: tuple[Verdict, ...]) -> bool:
    """Whether a drill may start."""
    return all(verdict.allowed for verdict in verdicts)


def mistakes(policy: Policy) -> tuple[str, ...]:
    """Explain what in a policy can't be read: patterns and hours."""
    patterned = [patterns.mistake(pattern) for pattern in (*policy.providers, *policy.deny)]
    return tuple(mistake for mistake in (*patterned, *map(_hours, policy.hours)) if mistake)


def _hours(line: str) -> str:
    try:
        hours.parse(line)
    except ValueError as error:
        return str(error)
    return ""


def _unreadable(policy: Policy) -> Iterator[Verdict]:
    """Refuse under a policy that can't be read: a misspelt denial would deny nothing."""
    for mistake in mistakes(policy):
        yield Verdict(
            rule="policy", allowed=False, subject="gameday.toml", why=mistake, hint="fix gameday.toml"
        )
