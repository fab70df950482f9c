"""Hold an environment's lease as a Kubernetes Lease in one of its own namespaces.

Drills with different stores see the same Lease. kubernetes is imported only in the child process, which
reaches the cluster as chaostoolkit-kubernetes would.
"""

from __future__ import annotations

import re

from gameday.core.errors import NotReady
from gameday.core.values import DrillId, Seconds, instant
from gameday.faults.child_queries import ChildQueries, NoAnswer
from gameday.ports import Lease

# The first query imports kubernetes (1.3 s of processor time), and each of its requests may take 5 s.
QUERY_LIMIT: Seconds = 20.0


class ClusterLease:
    """`ports.TargetLease` in a namespace."""

    def __init__(self, namespace: str, queries: ChildQueries) -> None:
        self._namespace = namespace
        self._queries = queries

    async def take(self, lease: Lease) -> Lease | None:
        """Take or renew the lease; give the other holder's when it is taken. Raises NotReady."""
        try:
            answer = await self._queries.ask(QUERY_LIMIT, "lease", **self._query(lease), release=False)
        except NoAnswer as error:
            raise self._unavailable(str(error)) from error
        if "error" in answer:
            raise self._unavailable(str(answer["error"]))
        other = answer["held"]
        return None if other is None else _lease(lease.environment, other)

    async def release(self, lease: Lease) -> None:
        """Release the lease; one that can't be released expires."""
        try:
            await self._queries.ask(QUERY_LIMIT, "lease", **self._query(lease), release=True)
        except NoAnswer:
            return
        finally:
            await self._queries.close()

    def _query(self, lease: Lease) -> dict[str, object]:
        return {
            "namespace": self._namespace,
            "name": name(lease.environment),
            "drill": lease.drill,
            "holder": lease.holder,
            "now": lease.since,
            "until": lease.until,
        }

    def _unavailable(self, why: str) -> NotReady:
        return NotReady(
            f"the environment's lease can't be taken or renewed in namespace {self._namespace}: {why}",
            hint="its role needs get, create and update on leases.coordination.k8s.io",
        )


def name(environment: str) -> str:
    """Give the name of an environment's Lease: a valid DNS label."""
    plain = re.sub(r"[^a-z0-9-]+", "-", environment.lower()).strip("-")
    return f"gameday-{plain}"[:63].rstrip("-")


def _lease(environment: str, other: dict[str, object]) -> Lease:
    since, until = float(str(other["since"])), float(str(other["until"]))
    return Lease(
        environment=environment,
        drill=DrillId(str(other["drill"])),
        holder=str(other["holder"]),
        since=instant(since),
        until=instant(until),
    )
