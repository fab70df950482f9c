"""The values of a policy: what an environment allows, what a drill would do, and each verdict.

Comes in: nothing; settings build a Policy, `conduct.drill.policy_check` gathers the Facts.
Goes out: frozen values. Does not: judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gameday.core.values import Instant, Seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """The one Kubernetes cluster of an environment.

    context     the kubeconfig context's name
    uid         the UID of its namespace kube-system: a context's name can be given to any cluster
    namespaces  the namespaces that may be touched, as globs; `*` alone also allows what is cluster-wide
    """

    context: str = ""
    uid: str = ""
    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The one AWS account and region of an environment; every target carries all of `tags`."""

    account: str = ""
    region: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What may be done to one environment. What is not listed is not allowed.

    providers          `python:NAME`, `http:URL`, `process:PATH`, as globs; see `patterns`
    deny               the same; it wins over every allowing pattern
    hosts              what load may reach: names, addresses, networks, globs, or `loopback`
    max_users, max_rps, max_hold   None: no limit
    requests_per_user  requests/s that one user is taken to make
    approvals          people other than the one who starts it who must approve, where `protected`
    approvals_file     where they do, a path in the workspace
    hours              `Mon-Fri 09:00-17:00 Europe/Berlin`; none: at any time
    freezes            calendars (ICS files in the workspace) whose events are times without drills
    """

    providers: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    max_users: int | None = None
    max_rps: float | None = None
    requests_per_user: float = 1.0
    max_hold: Seconds | None = None
    require_rollbacks: bool = False
    protected: bool = False
    approvals: int = 1
    approvals_file: str = "approvals.toml"
    hours: tuple[str, ...] = ()
    freezes: tuple[str, ...] = ()
    kubernetes: Cluster | None = None
    aws: Account | None = None


LOOPBACK = Policy(
    providers=("python:gameday.shop.*", "http:http://loopback:*", "http:https://loopback:*"),
    hosts=("loopback",),
)
"""What stands where an environment has no policy: this machine's own loopback, by the shop's faults."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A parsed JSON or YAML document that names providers.

    name  how people know it: a path, or a place in the scenario
    """

    name: str
    body: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Users:
    """The load that a drill would put on.

    users  the most at any moment; base_url: what they are pointed at; urls: other absolute URLs that
           the locustfile names
    """

    users: int
    base_url: str
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Freeze:
    """A time without drills, from `start` to `end` (exclusive)."""

    summary: str
    start: Instant
    end: Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """A freeze calendar as it was read. `error`: why it could not be."""

    path: str
    freezes: tuple[Freeze, ...] = ()
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """One person's yes to exactly one content: `covers` is the fingerprint. `until` None: for good."""

    by: str
    covers: str
    until: Instant | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenCluster:
    """What answered when the cluster was asked who it is. `error`: why nothing did."""

    context: str = ""
    uid: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenAccount:
    """What answered when AWS was asked who we are. `tags`: by instance id, for those that were asked."""

    account: str = ""
    region: str = ""
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a drill would do, and when, as far as it can be known before.

    documents    experiments, the scenario's probes, Chaos Toolkit's own settings
    variables    values of the environment variables that the documents' configurations read
    real_paths   files of processes with their links resolved, by the path as written
    hold         the longest that a fault would be held
    approvals    those found; by: who starts it; fingerprint: what an approval must cover
    cluster, account   None: were not asked
    """

    now: Instant
    documents: tuple[Document, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    real_paths: Mapping[str, str] = field(default_factory=dict)
    load: Users | None = None
    hold: Seconds = 0.0
    calendars: tuple[Calendar, ...] = ()
    approvals: tuple[Approval, ...] = ()
    by: str = ""
    fingerprint: str = ""
    cluster: SeenCluster | None = None
    account: SeenAccount | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One rule's yes or no to one subject, with the reason, and what would change a no."""

    rule: str
    allowed: bool
    subject: str
    why: str
    hint: str = ""
