"""Clusters and accounts that answer what the test sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gameday.core.policy import SeenAccount, SeenCluster


@dataclass(kw_only=True, slots=True)
class FakeIdentities:
    """`ports.Identities` that counts how often it is asked."""

    cluster: SeenCluster = field(default_factory=lambda: SeenCluster(error="no cluster"))
    account: SeenAccount = field(default_factory=lambda: SeenAccount(error="no account"))
    asked: int = 0
    withheld: tuple[str, ...] = ()

    async def kubernetes_context(self) -> SeenCluster:
        """Give the cluster."""
        self.asked += 1
        return self.cluster

    async def aws_account(self, instances: Sequence[str]) -> SeenAccount:  # noqa: ARG002  # the port's
        """Give the account."""
        self.asked += 1
        return self.account

    async def hold(self) -> Sequence[str]:
        """Give what the test sets."""
        return self.withheld
