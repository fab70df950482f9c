"""The keys of gameday.toml: the models that its schema is generated from.

The values are those of the file after `env:NAME` was replaced by the variable's value (`FromVariable`).
Published as docs/reference/gameday.schema.json.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from gameday.core.policy import hours, patterns
from gameday.formats import integration_kinds
from gameday.formats.scenario.model import RealIncident
from gameday.formats.settings import listen
from gameday.formats.text import models, types
from gameday.formats.text.models import FromVariable, Strict

STORE_URL = "sqlite:///.gameday/gameday.db"
ARTIFACTS = ".gameday/drills"


def _whole(value: Any) -> Any:
    if isinstance(value, FromVariable) and re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    return value


def _real(value: Any) -> Any:
    if isinstance(value, FromVariable) and re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", value):
        return float(value)
    return value


def _truth(value: Any) -> Any:
    if isinstance(value, FromVariable):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
    return value


def _words(value: Any) -> Any:
    return str(value).split() if isinstance(value, FromVariable) else value


def _secret(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"env:[A-Za-z_]\w*|file:\S.*", value):
        raise models.mistake(
            "a secret must be a reference, not the secret itself", 'write "env:NAME" or "file:PATH"'
        )
    return value


def _pattern(value: Any) -> Any:
    problem = patterns.mistake(value) if isinstance(value, str) else ""
    if problem:
        raise models.mistake(
            problem, "such as python:gameday.shop.faults.*, http:http://127.0.0.1:*, process:/usr/bin/true"
        )
    return value


def _host(value: Any) -> Any:
    if isinstance(value, str) and ("://" in value or re.search(r"\s|^[^:]*:\d+$", value) or not value):
        raise models.mistake(
            f"'{types.without_password(value)}' is not a host",
            "write only the name or address, such as shop.internal, *.shop.internal or 10.0.0.0/8",
        )
    return value


def _listen(value: Any) -> Any:
    try:
        listen.parse(value if isinstance(value, str) and value else "0.0.0.0:1")
    except ValueError as error:
        message = f"{models.quoted(value)} is no address to listen at: {error}"
        raise models.mistake(message, "write 127.0.0.1:9099, or 0.0.0.0:9099 and a secret") from None
    return value


def _account(value: Any) -> Any:
    if isinstance(value, str) and value and not re.fullmatch(r"\d{12}", value):
        raise models.mistake(f"{models.quoted(value)} is not an AWS account", "write its 12 digits")
    return value


def _hours(value: Any) -> Any:
    try:
        hours.parse(value if isinstance(value, str) else "")
    except ValueError as error:
        raise models.mistake(str(error), "such as Mon-Fri 09:00-17:00 Europe/Berlin") from None
    return value


Whole = Annotated[
    int, BeforeValidator(_whole), WithJsonSchema({"anyOf": [{"type": "integer"}, types.VARIABLE]})
]
Real = Annotated[
    float, BeforeValidator(_real), WithJsonSchema({"anyOf": [{"type": "number"}, types.VARIABLE]})
]
Truth = Annotated[
    bool, BeforeValidator(_truth), WithJsonSchema({"anyOf": [{"type": "boolean"}, types.VARIABLE]})
]
LIST = {"anyOf": [{"type": "array", "items": {"type": "string"}}, types.VARIABLE]}
Words = Annotated[list[str], BeforeValidator(_words), WithJsonSchema(LIST)]
Patterns = Annotated[
    list[Annotated[str, BeforeValidator(_pattern)]], BeforeValidator(_words), WithJsonSchema(LIST)
]
Hours = Annotated[
    list[Annotated[str, BeforeValidator(_hours)]], BeforeValidator(_words), WithJsonSchema(LIST)
]
Hosts = Annotated[list[Annotated[str, BeforeValidator(_host)]], BeforeValidator(_words), WithJsonSchema(LIST)]
Listen = Annotated[
    str,
    BeforeValidator(_listen),
    WithJsonSchema({"type": "string", "examples": ["127.0.0.1:9099", "0.0.0.0:9099"]}),
]
ALERT_SYSTEM = types.OneOf("a system that sends alerts", integration_kinds.ALERT_SYSTEMS)
SECRET = {
    "type": "string",
    "pattern": "^(env|file):",
    "examples": ["env:PAGER_SECRET", "file:/run/secrets/pager"],
}
SecretReference = Annotated[str, BeforeValidator(_secret), WithJsonSchema(SECRET)]
StoreUrl = Annotated[str, WithJsonSchema({"type": "string", "examples": [STORE_URL]})]


KEY_REFERENCE = r"env:GAMEDAY_[A-Z0-9_]*KEY"
"""Only gameday's own variables: a workspace may come from a stranger, who could name one whose value is
known, such as HOME, and sign with it."""


def _key(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(KEY_REFERENCE, value):
        raise models.mistake(
            "the key must be a reference to a variable whose name begins with GAMEDAY_ and ends with KEY",
            'write "env:GAMEDAY_STORE_KEY", and put the key there: openssl rand -hex 32',
        )
    return value


StoreKey = Annotated[
    str,
    BeforeValidator(_key),
    WithJsonSchema(
        {"type": "string", "pattern": f"^{KEY_REFERENCE}$", "examples": ["env:GAMEDAY_STORE_KEY"]}
    ),
]


class Store(Strict):
    """Where histories are kept."""

    url: StoreUrl = Field(default=STORE_URL, description="SQLite file or PostgreSQL database")
    key: StoreKey | None = Field(
        default=None,
        description="the variable with the key that signs what reverting needs; hosts that share the store "
        "share it (default: a key of the user's own)",
    )
    artifacts: types.Text = Field(default=ARTIFACTS, description="the folder for the files of drills")


class WorkspaceTable(Strict):
    """Which files may be read."""

    outside: Words = Field(
        default_factory=list, description="folders outside the workspace that files may come from"
    )


class Kubernetes(Strict):
    """The one cluster of an environment."""

    context: str = Field(default="", description="the kubeconfig context's name")
    cluster_uid: str = Field(default="", description="the UID of its namespace kube-system")
    namespaces: Words = Field(
        default_factory=list, description="namespaces that drills may touch; * matches anything"
    )


class Aws(Strict):
    """The one account and region of an environment."""

    account: Annotated[str, BeforeValidator(_account)] = Field(
        default="", description="12 digits", examples=["123456789012"]
    )
    region: str = Field(default="", description="such as eu-central-1")
    tags: dict[str, str] = Field(default_factory=dict, description="tags that every target must have")


class PolicyTable(Strict):
    """What drills may do. What is not listed is not allowed."""

    providers: Patterns = Field(
        default_factory=list, description="python:NAME, http:URL, process:PATH, shell:TEXT, with *"
    )
    deny: Patterns = Field(
        default_factory=list, description="what is denied, in the same form; it takes precedence"
    )
    hosts: Hosts = Field(default_factory=list, description="hosts that load may reach")
    max_users: Annotated[Whole, Field(gt=0, le=types.MOST_USERS)] | None = Field(
        default=None, description="the most users at once"
    )
    max_rps: Annotated[Real, Field(gt=0, le=types.MOST)] | None = Field(
        default=None, description="the most requests/s"
    )
    requests_per_user: Annotated[Real, Field(gt=0, le=types.MOST)] = Field(
        default=1.0, description="requests/s that one user makes"
    )
    max_hold: types.LongerThanZero | None = Field(
        default=None, description="the longest time that a fault may be held"
    )
    require_rollbacks: Truth = Field(default=False, description="refuse an experiment without rollbacks")
    protected: Truth = Field(default=False, description="true: other people must approve each drill")
    approvals: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        default=1, description="how many people must approve"
    )
    approvals_file: types.Text = Field(
        default="approvals.toml", description="the file that holds the approvals"
    )
    hours: Hours = Field(
        default_factory=list,
        description="when drills may run, such as Mon-Fri 09:00-17:00 Europe/Berlin (default: at any time)",
    )
    freezes: Words = Field(default_factory=list, description="ICS files and URLs of times without drills")
    packages: Words = Field(
        default_factory=list,
        description="packages (globs) that uv may install for an experiment that names them (default: none)",
    )


EXECUTORS = ("local", "worker", "kubernetes")
Executor = Annotated[str, types.OneOf("an executor", EXECUTORS)]


class JobTable(Strict):
    """The Job that a scheduled drill becomes."""

    image: types.Text = Field(description="an image that holds gameday and the workspace")
    namespace: types.Text = Field(default="default", description="the namespace in which Jobs are created")
    service_account: str = Field(default="", description="the service account of the drill's pods")
    context: str = Field(default="", description="the kubeconfig context (default: the daemon's own cluster)")
    workdir: types.Text = Field(default="/workspace", description="the workspace's folder in the image")
    secrets: Words = Field(
        default_factory=list, description="Secrets whose keys become variables: GAMEDAY_STORE_URL at least"
    )


class EnvironmentTable(Strict):
    """A target of drills."""

    executor: Executor = Field(
        default="local",
        description="where scheduled drills run: on the daemon's host, on a worker, or as a Kubernetes Job",
    )
    job: JobTable | None = Field(default=None, description="the Job, for executor kubernetes")

    base_url: types.OptionalUrl = Field(default="", description="the URL that users reach")
    up: Words = Field(
        default_factory=list, description="the command that brings it up when it does not answer"
    )
    down: Words = Field(default_factory=list, description="the command that undoes up")
    reset: Words = Field(default_factory=list, description="the command that resets it between drills")
    trail: types.OptionalUrl = Field(
        default="", description="the URL of its own record of what was done to it"
    )
    integrations: Words = Field(
        default_factory=list,
        description="its own integrations, by name: where its alerts come from, and its Prometheus",
    )
    alerts: dict[Annotated[str, ALERT_SYSTEM], types.Url] = Field(
        default_factory=dict,
        description="old form of integrations of the kinds shop and generic: by system, the URL at which "
        "gameday registers to receive alerts",
    )
    services: Words = Field(
        default_factory=list,
        description="the values of the label `service` (globs) whose alerts can detect its faults, "
        "next to those that a scenario expects",
    )
    prometheus: types.OptionalUrl = Field(
        default="", description="old form of an integration of the kind prometheus: its URL, for guardrails"
    )
    real_incident: RealIncident | None = Field(
        default=None, description="which unexpected alerts are treated as a real incident"
    )
    incidents: types.OptionalUrl = Field(
        default="",
        description="old form of an integration of the kind alertmanager with `poll`: the Alertmanager that "
        "is asked for real incidents before a schedule starts a drill",
    )
    kubernetes: Kubernetes | None = Field(default=None, description="the only cluster that drills may touch")
    aws: Aws | None = Field(default=None, description="the only account and region that drills may touch")
    policy: PolicyTable | None = Field(
        default=None, description="what drills may do (default: only on loopback)"
    )

    @model_validator(mode="before")
    @classmethod
    def _kubernetes_needs_a_job(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("executor") == "kubernetes" and "job" not in value:
            raise models.mistake("executor kubernetes needs a job", 'such as job = {image = "gameday:1"}')
        return value


class IntegrationTable(Strict):
    """A system that gameday works with: a source of alerts, or a channel in which it notifies people."""

    kind: Annotated[str, types.OneOf("a kind of integration", integration_kinds.INTEGRATION_KINDS)] = Field(
        description="which system; alertmanager, generic, shop: a source of alerts; prometheus: answers "
        "guardrails; apprise: a channel in which people are notified"
    )
    url: types.OptionalUrl = Field(
        default="",
        description="its URL; of the kinds shop and generic: where the receiver of a drill registers itself",
    )
    listen: Listen = Field(
        default="",
        description="the address at which a drill takes its alerts, at the path /hooks/NAME; an address that "
        "other hosts reach needs a secret",
    )
    poll: types.OptionalUrl = Field(
        default="", description="the URL of the system whose alerts a drill reads, where it can't send them"
    )
    secret: SecretReference | None = Field(
        default=None,
        description="a reference to its secret. Of what sends alerts: its token, as `Authorization: Bearer`; "
        "of what is only polled: the token that is sent to it; of a channel: its Apprise URL, such as slack://…",
    )
    audiences: list[types.Text] = Field(
        default_factory=list,
        description="of a channel: whose messages it gets during a drill: injects with such a `to` "
        "(responders, unless it is given), and updates to such an --audience (team, stakeholders, customers)",
    )

    @model_validator(mode="before")
    @classmethod
    def _channel_needs_a_secret(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("kind") == "apprise" and not value.get("secret"):
            raise models.mistake("a channel needs its Apprise URL as secret", 'secret = "env:CHAT_URL"')
        return value


class ServerTable(Strict):
    """The server of drills that run elsewhere (not used yet)."""

    url: types.OptionalUrl = Field(default="", description="the URL of gameday serve")
    token: SecretReference | None = Field(default=None, description="a reference to its token")


ROLES = ("facilitator", "observer", "commander", "responder", "scribe", "communications")


class PersonTable(Strict):
    """A person."""

    roles: list[Annotated[str, types.OneOf("a role", ROLES)]] = Field(
        default_factory=list, description="their roles (not used yet)"
    )
    email: str = Field(
        default="", description="their address, to look up chat and pager identities (not used yet)"
    )


class SettingsFile(Strict):
    """gameday.toml: store, environments, integrations, server, people."""

    store: Store = Field(default_factory=Store, description="where histories are kept")
    workspace: WorkspaceTable = Field(default_factory=WorkspaceTable, description="which files may be read")
    environments: dict[str, EnvironmentTable] = Field(
        default_factory=dict, description="the targets of drills, by name"
    )
    integrations: dict[str, IntegrationTable] = Field(
        default_factory=dict, description="systems that gameday works with, by name"
    )
    server: ServerTable = Field(
        default_factory=ServerTable, description="the server of drills that run elsewhere (not used yet)"
    )
    people: dict[str, PersonTable] = Field(default_factory=dict, description="people, by name")
