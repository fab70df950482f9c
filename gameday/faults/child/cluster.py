"""The Kubernetes client as chaostoolkit-kubernetes would make it; imported only when it is needed (1 s)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ANSWER = 5.0
"""Seconds that a cluster may take for one answer."""


def client() -> Any:
    """Give the library: its API classes, its ApiException."""
    from kubernetes import client as library  # noqa: PLC0415

    return library


def reach(secrets: Mapping[str, Any]) -> Any:
    """Give a client for the cluster that an experiment with these secrets would reach."""
    import chaosk8s  # type: ignore[import-untyped]  # noqa: PLC0415

    return chaosk8s.create_k8s_api_client(secrets)
