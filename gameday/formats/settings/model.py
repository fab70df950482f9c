"""What gameday.toml may hold, key by key: the models that its schema is made of.

Comes in: plain values, where `env:NAME` has become the variable's value (`FromVariable`). Goes out: models.
Does not: look a variable or a secret up. Published as docs/reference/gameday.schema.json.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from gameday.core.policy import hours, patterns
from gameday.formats import systems
from gameday.formats.scenario.model import RealIncident
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
        raise models.mistake("a secret stands here only by reference", 'write "env:NAME" or "file:PATH"')
    return value


def _pattern(value: Any) -> Any:
    wrong = patterns.mistake(value) if isinstance(value, str) else ""
    if wrong:
        raise models.mistake(
            wrong, "such as python:gameday.shop.*, http:http://127.0.0.1:*, process:/usr/bin/true"
        )
    return value


def _host(value: Any) -> Any:
    if isinstance(value, str) and ("://" in value or re.search(r"\s|^[^:]*:\d+$", value) or not value):
        raise models.mistake(
            f"'{types.without_password(value)}' is not a host",
            "write only the name or address, such as shop.internal, *.shop.internal or 10.0.0.0/8",
        )
    return value


def _account(value: Any) -> Any:
    if isinstance(value, str) and value and not re.fullmatch(r"\d{12}", value):
        raise models.mistake(f"{models.quoted(value)} is not an AWS account", "write its 12 digits")
    return value


def _hours(value: Any) -> Any:
    try:
        hours.parse(value if isinstance(value, str) else "")
    except ValueError as wrong:
        raise models.mistake(str(wrong), "such as Mon-Fri 09:00-17:00 Europe/Berlin") from None
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
ALERT_SYSTEM = types.OneOf("a system that sends alerts", systems.ALERT_SYSTEMS)
SECRET = {
    "type": "string",
    "pattern": "^(env|file):",
    "examples": ["env:PAGER_SECRET", "file:/run/secrets/pager"],
}
SecretReference = Annotated[str, BeforeValidator(_secret), WithJsonSchema(SECRET)]
StoreUrl = Annotated[str, WithJsonSchema({"type": "string", "examples": [STORE_URL]})]


class Store(Strict):
    """Where histories are kept."""

    url: StoreUrl = Field(default=STORE_URL, description="SQLite file or PostgreSQL database")
    artifacts: types.Text = Field(default=ARTIFACTS, description="the folder of what drills leave")


class WorkspaceTable(Strict):
    """What may be read."""

    outside: Words = Field(
        default_factory=list, description="folders outside the workspace that files may come from"
    )


class Kubernetes(Strict):
    """The one cluster of an environment."""

    context: str = Field(default="", description="the kubeconfig context's name")
    cluster_uid: str = Field(default="", description="the UID of its namespace kube-system")
    namespaces: Words = Field(
        default_factory=list, description="namespaces that may be touched; * stands for anything"
    )


class Aws(Strict):
    """The one account and region of an environment."""

    account: Annotated[str, BeforeValidator(_account)] = Field(
        default="", description="12 digits", examples=["123456789012"]
    )
    region: str = Field(default="", description="such as eu-central-1")
    tags: dict[str, str] = Field(default_factory=dict, description="tags that every target carries")


class PolicyTable(Strict):
    """What may be done. What is not listed is not allowed."""

    providers: Patterns = Field(
        default_factory=list, description="python:NAME, http:URL, process:PATH, with *"
    )
    deny: Patterns = Field(default_factory=list, description="the same; it wins")
    hosts: Hosts = Field(default_factory=list, description="what load may reach")
    max_users: Annotated[Whole, Field(gt=0)] | None = Field(default=None, description="most users at once")
    max_rps: Annotated[Real, Field(gt=0)] | None = Field(default=None, description="most requests/s")
    requests_per_user: Annotated[Real, Field(gt=0)] = Field(
        default=1.0, description="requests/s that a user makes"
    )
    max_hold: types.LongerThanZero | None = Field(
        default=None, description="longest time that a fault is held"
    )
    require_rollbacks: Truth = Field(default=False, description="refuse a method that nothing undoes")
    protected: Truth = Field(default=False, description="true: other people have to approve")
    approvals: Annotated[Whole, Field(ge=1)] = Field(default=1, description="how many")
    approvals_file: types.Text = Field(default="approvals.toml", description="where they do")
    hours: Hours = Field(
        default_factory=list, description="Mon-Fri 09:00-17:00 Europe/Berlin; none: at any time"
    )
    freezes: Words = Field(default_factory=list, description="ICS files and URLs of times without drills")


EXECUTORS = ("local", "worker", "kubernetes")
Executor = Annotated[str, types.OneOf("an executor", EXECUTORS)]


class JobTable(Strict):
    """The Job that a scheduled drill becomes."""

    image: types.Text = Field(description="holds gameday and the workspace")
    namespace: types.Text = Field(default="default", description="where Jobs are made")
    service_account: str = Field(default="", description="what the drill may do in its cluster")
    context: str = Field(default="", description="the kubeconfig context; none: the daemon's own cluster")
    workdir: types.Text = Field(default="/workspace", description="the workspace's folder in the image")
    secrets: Words = Field(
        default_factory=list, description="Secrets whose keys become variables: GAMEDAY_STORE_URL at least"
    )


class EnvironmentTable(Strict):
    """One target of drills."""

    executor: Executor = Field(
        default="local",
        description="where scheduled drills run: beside the daemon, on a worker, as a Kubernetes Job",
    )
    job: JobTable | None = Field(default=None, description="the Job, for executor kubernetes")

    base_url: types.OptionalUrl = Field(default="", description="what users reach")
    up: Words = Field(default_factory=list, description="command that brings it up when it does not answer")
    down: Words = Field(default_factory=list, description="command that undoes up")
    reset: Words = Field(default_factory=list, description="command between drills")
    trail: types.OptionalUrl = Field(default="", description="URL of its own record of what was done to it")
    alerts: dict[Annotated[str, ALERT_SYSTEM], types.Url] = Field(
        default_factory=dict, description="by system, where our receiver registers itself"
    )
    prometheus: types.OptionalUrl = Field(
        default="", description="where its Prometheus answers, for guardrails"
    )
    real_incident: RealIncident | None = Field(
        default=None, description="which alerts that no scenario expects ask whether to go on"
    )
    incidents: types.OptionalUrl = Field(
        default="", description="the Alertmanager that a schedule asks for real incidents before it starts"
    )
    kubernetes: Kubernetes | None = Field(default=None, description="the one cluster")
    aws: Aws | None = Field(default=None, description="the one account and region")
    policy: PolicyTable | None = Field(default=None, description="what may be done; none: loopback only")

    @model_validator(mode="before")
    @classmethod
    def _job_for_kubernetes(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("executor") == "kubernetes" and "job" not in value:
            raise models.mistake("executor kubernetes needs a job", 'such as job = {image = "gameday:1"}')
        return value


class IntegrationTable(Strict):
    """A system that signals come from, or that is told."""

    kind: Annotated[str, types.OneOf("a kind of integration", systems.INTEGRATION_KINDS)] = Field(
        description="which system; apprise: a channel in which people are notified"
    )
    url: types.OptionalUrl = Field(default="", description="where it is")
    secret: SecretReference | None = Field(
        default=None, description="its secret, by reference; of a channel the Apprise URL, as slack://…"
    )

    @model_validator(mode="before")
    @classmethod
    def _address_of_a_channel(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("kind") == "apprise" and not value.get("secret"):
            raise models.mistake("a channel needs its Apprise URL as secret", 'secret = "env:CHAT_URL"')
        return value


class ServerTable(Strict):
    """Where commands go when the drill runs elsewhere."""

    url: types.OptionalUrl = Field(default="", description="where gameday serve answers")
    token: SecretReference | None = Field(default=None, description="its token, by reference")


ROLES = ("facilitator", "observer", "commander", "responder", "scribe", "communications")


class PersonTable(Strict):
    """Somebody by name."""

    roles: list[Annotated[str, types.OneOf("a role", ROLES)]] = Field(
        default_factory=list, description="what they do"
    )
    email: str = Field(default="", description="chat and pager identities are looked up by it")


class SettingsFile(Strict):
    """gameday.toml: store, environments, integrations, server, people."""

    store: Store = Field(default_factory=Store, description="where histories are kept")
    workspace: WorkspaceTable = Field(default_factory=WorkspaceTable, description="what may be read")
    environments: dict[str, EnvironmentTable] = Field(
        default_factory=dict, description="the targets of drills, by name"
    )
    integrations: dict[str, IntegrationTable] = Field(
        default_factory=dict, description="systems that signals come from, or that are told"
    )
    server: ServerTable = Field(
        default_factory=ServerTable, description="where commands go when the drill runs elsewhere"
    )
    people: dict[str, PersonTable] = Field(default_factory=dict, description="people, by name")
