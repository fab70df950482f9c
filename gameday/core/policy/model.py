"""The values of a policy: what an environment allows, what a drill would do, and each verdict.

Settings build a Policy; `conduct.drill.policy_check` gathers the Facts.
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

    providers          `python:NAME`, `http:URL`, `process:PATH`, `shell:TEXT`, as globs; see `patterns`
    deny               the same; it wins over every allowing pattern
    hosts              what load may reach: names, addresses, networks, globs, or `loopback`
    max_users, max_rps, max_hold   None: no limit
    requests_per_user  requests/s that one user is taken to make
    approvals          people other than the one who starts it who must approve, where `protected`
    approvals_file     where they approve, a path in the workspace
    hours              `Mon-Fri 09:00-17:00 Europe/Berlin`; empty: at any time
    freezes            calendars (ICS files in the workspace) whose events are times without drills
    packages           packages that may be installed for an experiment that names them, as globs
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
    packages: tuple[str, ...] = ()
    kubernetes: Cluster | None = None
    aws: Account | None = None


LOOPBACK = Policy(
    providers=("python:gameday.shop.faults.*", "http:http://loopback:*", "http:https://loopback:*"),
    hosts=("loopback",),
)
"""The policy of an environment without one: this machine's own loopback, and the shop's faults."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A parsed JSON or YAML document that names providers.

    name  what people call it: a path, or a location in the scenario
    """

    name: str
    body: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Users:
    """The load that a drill would apply.

    users  the most at any time; base_url: where they are pointed; urls: other absolute URLs that
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
    """One person's approval of exactly one content.

    covers  the fingerprint of all parts
    until   None: for good
    parts   the beginning of each part's hash, by its name, so that what has changed can be named
    """

    by: str
    covers: str
    until: Instant | None = None
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenCluster:
    """The cluster's answer when asked for its identity. `error`: why there was no answer."""

    context: str = ""
    uid: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenAccount:
    """AWS's answer when asked for our identity. `tags`: by instance id, for those that were asked for."""

    account: str = ""
    region: str = ""
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedPackage:
    """A package that an experiment names and that is not here. allowed: the policy lets it be installed."""

    requirement: str
    allowed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a drill would do, and when, as far as it can be known beforehand.

    documents    experiments, the scenario's probes, Chaos Toolkit's own settings
    variables    values of the environment variables that the documents' configurations read
    real_paths   files of processes with their links resolved, by the path as written
    hold         the longest that a fault would be held
    approvals    those on record; by: who starts it; fingerprint: what an approval must cover
    parts        the hash of each part that the fingerprint covers, by its name
    packages     what the experiments name and what is not installed
    cluster, account   None: was not asked
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
    parts: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[WantedPackage, ...] = ()
    cluster: SeenCluster | None = None
    account: SeenAccount | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One rule's decision on one subject, with the reason, and a hint about what would change a refusal."""

    rule: str
    allowed: bool
    subject: str
    why: str
    hint: str = ""
