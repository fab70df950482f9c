"""Asking clusters and accounts who they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gameday.core import policy


class Identities(Protocol):
    """Identifies the cluster and the account that the experiments' own libraries would reach."""

    async def kubernetes_context(self) -> policy.SeenCluster:
        """Give the context in use and the UID of kube-system; never raises."""
        ...

    async def aws_account(self, instances: Sequence[str]) -> policy.SeenAccount:
        """Give account and region in use, and the tags of EC2 instances; never raises."""
        ...

    async def hold(self) -> Sequence[str]:
        """Let every process of the drill reach only what was identified; explain what none of them gets."""
        ...
