"""The right to break an environment, as a Kubernetes Lease in one of its own namespaces.

Comes in: a lease. Goes out: None when it is ours, or the other drill's. Does not: import kubernetes;
a process of its own does, which reaches the cluster as chaostoolkit-kubernetes would.
"""

from __future__ import annotations

import re

from gameday.core.errors import NotReady
from gameday.core.values import DrillId, Seconds, instant
from gameday.faults.child_queries import ChildQueries, NoAnswer
from gameday.ports import Lease

LIMIT: Seconds = 20.0


class ClusterLease:
    """`ports.TargetLease` in a namespace."""

    def __init__(self, namespace: str, questions: ChildQueries) -> None:
        self._namespace = namespace
        self._questions = questions

    async def take(self, lease: Lease) -> Lease | None:
        """Take or renew the lease; give the other holder's when it is taken. Raises NotReady."""
        try:
            answer = await self._questions.ask(LIMIT, "lease", **self._words(lease), release=False)
        except NoAnswer as why:
            raise self._lost(str(why)) from why
        if "error" in answer:
            raise self._lost(str(answer["error"]))
        held = answer["held"]
        return None if held is None else _lease(lease.environment, held)

    async def release(self, lease: Lease) -> None:
        """Give the lease back; one that can't be given back runs out."""
        try:
            await self._questions.ask(LIMIT, "lease", **self._words(lease), release=True)
        except NoAnswer:
            return
        finally:
            await self._questions.close()

    def _words(self, lease: Lease) -> dict[str, object]:
        return {
            "namespace": self._namespace,
            "name": name(lease.environment),
            "drill": lease.drill,
            "holder": lease.holder,
            "now": lease.since,
            "until": lease.until,
        }

    def _lost(self, why: str) -> NotReady:
        return NotReady(
            f"the environment's lease can't be kept in namespace {self._namespace}: {why}",
            hint="its role needs get, create and update on leases.coordination.k8s.io",
        )


def name(environment: str) -> str:
    """Give the name of an environment's Lease: a DNS label with all that it may hold."""
    plain = re.sub(r"[^a-z0-9-]+", "-", environment.lower()).strip("-")
    return f"gameday-{plain}"[:63].rstrip("-")


def _lease(environment: str, held: dict[str, object]) -> Lease:
    since, until = float(str(held["since"])), float(str(held["until"]))
    return Lease(
        environment=environment,
        drill=DrillId(str(held["drill"])),
        holder=str(held["holder"]),
        since=instant(since),
        until=instant(until),
    )
