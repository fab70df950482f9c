"""Make the Kubernetes client as chaostoolkit-kubernetes would; imported only when needed (1 s)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REQUEST_TIMEOUT = 5.0
"""Seconds for one request: chaosk8s sets no timeout, and a cluster that hangs would hang us."""


def client() -> Any:
    """Import the library: its API classes, its ApiException."""
    from kubernetes import client as library  # noqa: PLC0415

    return library


def connect(secrets: Mapping[str, Any]) -> Any:
    """Make a client for the cluster that an experiment with these secrets would reach."""
    import chaosk8s  # type: ignore[import-untyped]  # noqa: PLC0415

    return chaosk8s.create_k8s_api_client(secrets)
