"""Take, renew and release a Kubernetes Lease: the right to inject, kept in the environment itself.

Two laptops with a store each would both hold their own store's lease; here both ask one cluster. A change
counts only if nobody changed the Lease since it was read (resourceVersion). Format:
https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gameday.faults.child import cluster
from gameday.faults.child.cluster import REQUEST_TIMEOUT
from gameday.faults.child.connection import ChildConnection
from gameday.faults.child.loaded_experiment import Json, Loaded

MAX_TRIES = 5
HOLDER, SINCE = "gameday/holder", "gameday/since"
"""Annotations: who holds it, and since when it is this drill's (seconds since the epoch)."""


def lease(connection: ChildConnection, command: Json) -> None:
    """Send who else holds the lease: `held`, or None when it is ours, or released."""
    held = None
    try:
        leases = _Leases(command)
        if command["release"]:
            leases.release()
        else:
            held = leases.take()
    except Exception as error:  # noqa: BLE001  # whatever the client raises, we do not have the lease
        connection.send("answer", error=Loaded({}).redactor().excerpt(f"{type(error).__name__}: {error}"))
        return
    connection.send("answer", held=held)


class _Leases:
    def __init__(self, wanted: Json) -> None:
        library = cluster.client()
        self._wanted = wanted
        self._api = library.CoordinationV1Api(cluster.connect({}))
        self._api_exception = library.ApiException

    def take(self) -> Json | None:
        """Take or renew; give another holder's lease if it has not expired."""
        for _ in range(MAX_TRIES):
            current = self._read()
            if current is not None and (other := self._other(current)):
                return other
            if self._write(current, self._wanted["drill"]):
                return None
        raise RuntimeError(f"the Lease was changed by others {MAX_TRIES} times in a row")

    def release(self) -> None:
        """Leave the Lease without a holder, if it is ours."""
        current = self._read()
        if current is not None and current.spec.holder_identity == self._wanted["drill"]:
            # Emptied, not deleted: so the role needs no right to delete Leases.
            self._write(current, "")

    def _read(self) -> Any:
        try:
            return self._api.read_namespaced_lease(
                self._wanted["name"], self._wanted["namespace"], _request_timeout=REQUEST_TIMEOUT
            )
        except self._api_exception as refused:
            if refused.status == 404:
                return None
            raise

    def _other(self, current: Any) -> Json | None:
        spec, notes = current.spec, current.metadata.annotations or {}
        if not spec.holder_identity or spec.holder_identity == self._wanted["drill"]:
            return None
        renewed = spec.renew_time.timestamp() if spec.renew_time else 0.0
        until = renewed + (spec.lease_duration_seconds or 0)
        # A holder that died releases nothing; its Lease expires. The comparison is with our clock, so hosts'
        # clocks must agree within seconds (docs/adr/0011).
        if until <= self._wanted["now"]:
            return None
        return {
            "drill": spec.holder_identity,
            "holder": notes.get(HOLDER, ""),
            "since": float(notes.get(SINCE, renewed)),
            "until": until,
        }

    def _write(self, current: Any, drill: str) -> bool:
        """Write the Lease; False when somebody else changed it first."""
        name, namespace = self._wanted["name"], self._wanted["namespace"]
        body = self._body(current, drill)
        try:
            if current is None:
                self._api.create_namespaced_lease(namespace, body, _request_timeout=REQUEST_TIMEOUT)
            else:
                self._api.replace_namespaced_lease(name, namespace, body, _request_timeout=REQUEST_TIMEOUT)
        except self._api_exception as refused:
            # Either call: somebody created the Lease meanwhile, or its resourceVersion has changed.
            if refused.status == 409:
                return False
            raise
        return True

    def _body(self, current: Any, drill: str) -> Json:
        wanted, now = self._wanted, self._wanted["now"]
        ours = current is not None and current.spec.holder_identity == drill
        since = (current.metadata.annotations or {}).get(SINCE, str(now)) if ours else str(now)
        metadata: Json = {
            "name": wanted["name"],
            "namespace": wanted["namespace"],
            "annotations": {HOLDER: wanted["holder"], SINCE: since},
        }
        if current is not None:
            metadata["resourceVersion"] = current.metadata.resource_version
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": metadata,
            "spec": {
                "holderIdentity": drill,
                # The API refuses a duration below 1.
                "leaseDurationSeconds": max(1, round(wanted["until"] - now)),
                "acquireTime": _micro_time(float(since)),
                "renewTime": _micro_time(now),
            },
        }


def _micro_time(at: float) -> datetime:
    """Make a MicroTime. It needs six decimals, which the client omits where all are zero."""
    moment = datetime.fromtimestamp(at, UTC)
    return moment.replace(microsecond=moment.microsecond or 1)
