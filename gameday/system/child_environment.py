"""The environment that the processes we start get: ours, with what the drill in progress changes in it.

A drill changes which cluster and account the clients of its processes reach (`faults.cloud_clients`). The
changes hold for the task that applies them and all tasks and threads that it starts (`contextvars`), so that
drills of one process, such as two that `gameday revert` settles, never get each other's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@dataclass(slots=True)
class EnvironmentChanges:
    """What a drill changes in its processes' environment, by variable; None removes one."""

    variables: dict[str, str | None] = field(default_factory=dict)


_applied: ContextVar[EnvironmentChanges | None] = ContextVar("applied", default=None)


@contextmanager
def applied(changes: EnvironmentChanges | None) -> Iterator[None]:
    """Apply changes to every process that is started in this block; those made meanwhile count, too.

    None: start processes in our own environment, whatever is applied around the block.
    """
    token = _applied.set(changes)
    try:
        yield
    finally:
        _applied.reset(token)


def make(added: Mapping[str, str]) -> dict[str, str]:
    """Make the environment of a process. `added` wins over the changes that are applied, those over ours."""
    changes = _applied.get()
    changed = changes.variables if changes else {}
    kept = {name: value for name, value in os.environ.items() if name not in changed}
    put = {name: value for name, value in changed.items() if value is not None}
    return {**kept, **put, **added}


def proxies(environ: Mapping[str, str] | None = None) -> str:
    """Name the proxies that clients of the processes obey, without user names and passwords; empty: none.

    Chaos Toolkit's http provider and Locust obey them: a drill then measures the proxy, too, and a proxy that
    answers for a target hides that it is gone. gameday's own requests go straight to the target.
    """
    given = os.environ if environ is None else environ
    # Small letters win where both are set, as for the clients.
    found = {name: given.get(name) or given.get(name.upper(), "") for name in (*_PROXIES, "no_proxy")}
    named = [f"{name}={re.sub(r'[^/]*@', '…@', found[name])}" for name in _PROXIES if found[name]]
    if not named:
        return ""
    return " ".join([*named, *([f"no_proxy={found['no_proxy']}"] if found["no_proxy"] else [])])
