"""gameday.toml -> `Settings`: frozen, checked, with every mistake of the file.

`env:NAME` may replace any value. Secrets are references only, `env:` or `file:`, and are looked up when they
are used; nothing here ever holds one. A variable that is not set is a mistake only for whoever needs that
part: see `Settings.environment`.

Order: variables GAMEDAY_STORE_URL, GAMEDAY_STORE_ARTIFACTS, GAMEDAY_SERVER_URL, GAMEDAY_SERVER_TOKEN
and GAMEDAY_ENVIRONMENTS_<NAME>_<BASE_URL|TRAIL>, then the file, then defaults.
Published as docs/reference/gameday.schema.json.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gameday.core.errors import InvalidFiles, Mistake
from gameday.core.policy import Account, Cluster, Policy
from gameday.core.values import Severity
from gameday.formats.integration_kinds import CHANNEL, PROMETHEUS, SOURCE_KINDS
from gameday.formats.settings import integrations, listen, rules
from gameday.formats.settings.listen import ListenAddress
from gameday.formats.settings.model import (
    ARTIFACTS,
    STORE_URL,
    Aws,
    EnvironmentTable,
    IntegrationTable,
    JobTable,
    Kubernetes,
    PolicyTable,
    SettingsFile,
)
from gameday.formats.text import document as text_document
from gameday.formats.text import models
from gameday.formats.text.document import Checked, Document, Path
from gameday.formats.text.models import FromVariable

FILE = "gameday.toml"


@dataclass(frozen=True, slots=True)
class Secret:
    """A reference to a secret, never the secret itself: `env:NAME` or `file:PATH`. Prints as ***."""

    reference: str

    def __repr__(self) -> str:
        return "***"


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """The settings of an environment's Kubernetes Jobs.

    image    holds gameday, and the workspace at `workdir`
    context  of the kubeconfig; empty: the cluster that the daemon runs in, or the current context
    secrets  names of Secrets whose keys become variables: GAMEDAY_STORE_URL at least
    """

    image: str
    namespace: str = "default"
    service_account: str = ""
    context: str = ""
    workdir: str = "/workspace"
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Integration:
    """A system that gameday works with: a source of alerts, or a channel in which it notifies people.

    name    as the file names it; of one in the old form, as it would be named
    url     its URL; of the kinds shop and generic, where the receiver registers itself
    listen  where a drill takes its alerts, at the path /hooks/NAME
    poll    URL of the system whose alerts a drill reads
    audiences  of a channel: to whom its messages are addressed during a drill
    """

    name: str
    kind: str
    url: str = ""
    listen: ListenAddress | None = None
    poll: str = ""
    secret: Secret | None = None
    audiences: tuple[str, ...] = ()

    @property
    def system(self) -> str:
        """Whose payloads it sends; empty where it sends no alerts."""
        known = SOURCE_KINDS.get(self.kind)
        return known.system if known else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """One target of drills.

    base_url   what users reach; up, down, reset: the commands that start, stop and reset it
    trail      URL of its own record of what was done to it
    integrations  its own: where its alerts come from, and its Prometheus; those in the old form, too
    services   values of the label `service` whose alerts can detect its faults, next to the expected ones
    incidents  the Alertmanagers that are asked for real incidents before a schedule starts a drill
    rules      its policy; None: only loopback is allowed
    real_incident  an unexpected alert, at least this severe, asks whether to go on
    executor   where scheduled drills run: local | worker | kubernetes, there as `job`
    """

    name: str
    base_url: str = ""
    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    reset: tuple[str, ...] = ()
    trail: str = ""
    integrations: tuple[Integration, ...] = ()
    services: tuple[str, ...] = ()
    incidents: tuple[Integration, ...] = ()
    rules: Policy | None = None
    real_incident: Severity | None = None
    executor: str = "local"
    job: Job | None = None

    @property
    def prometheus(self) -> str:
        """URL of its Prometheus, for guardrails."""
        return next((each.url for each in self.integrations if each.kind == PROMETHEUS), "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """The server of drills that run elsewhere."""

    url: str = ""
    token: Secret | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A person. Chat and pager identities are to be looked up by the address."""

    name: str
    roles: tuple[str, ...] = ()
    email: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """gameday.toml and the environment variables, read once.

    outside   folders outside the workspace from which files may be read
    unset     by section, the mistakes of variables that are not set
    warnings  of integrations and of their old form, which whoever starts a drill should see, too
    """

    file: str = FILE
    store_url: str = STORE_URL
    store_key: Secret | None = None
    artifacts: str = ARTIFACTS
    environments: Mapping[str, Environment] = field(default_factory=dict)
    integrations: Mapping[str, Integration] = field(default_factory=dict)
    server: Server = Server()
    people: Mapping[str, Person] = field(default_factory=dict)
    outside: tuple[str, ...] = ()
    unset: Mapping[str, tuple[Mistake, ...]] = field(default_factory=dict)
    warnings: tuple[Mistake, ...] = ()

    @property
    def key_variable(self) -> str:
        """Name the variable with the key that signs; empty: the user's own key does."""
        return self.store_key.reference.removeprefix("env:") if self.store_key else ""

    @property
    def channels(self) -> tuple[str, ...]:
        """Name the integrations that are channels."""
        return tuple(name for name, each in self.integrations.items() if each.kind == CHANNEL)

    def environment(self, name: str) -> Environment:
        """Give an environment by its name. Raises InvalidFiles when it does not exist, or when it needs
        variables that are not set.
        """
        environment = self.environments.get(name)
        own = environment.integrations if environment else ()
        sections = (f"environments.{name}", *(f"integrations.{each.name}" for each in own))
        missing = tuple(mistake for section in sections for mistake in self.unset.get(section, ()))
        if missing:
            raise InvalidFiles(missing)
        if environment is None:
            message, hint = self.no_environment(name)
            raise InvalidFiles((Mistake(file=self.file, message=message, hint=hint),))
        return environment

    def no_environment(self, name: str) -> tuple[str, str]:
        """Give the message for an unknown environment, and the hint."""
        hint = (
            text_document.suggest(name, self.environments) or f"add [environments.{name}] with its base_url"
        )
        return f"{self.file} has no environment '{name}'", hint


def any_store(_url: str) -> tuple[str, str] | None:
    """Accept every URL of a store: for readers that never open one."""
    return None


def check(
    document: Document,
    environ: Mapping[str, str],
    store_mistake: Callable[[str], tuple[str, str] | None] = any_store,
) -> Checked[Settings]:
    """Report every mistake of the settings, and resolve what stands for environment variables.

    store_mistake: gives what is wrong with a store's URL, and a hint. `storage` knows that, and formats may
    not ask it.
    """
    unset: dict[str, list[Mistake]] = {}
    resolved = _resolved(document, document.data, (), environ, unset)
    if isinstance(resolved, dict):
        _override(resolved, environ)
    filled = models.check(SettingsFile, replace(document, data=resolved))
    mistakes = {*filled.mistakes, *unset.get("store", ()), *rules.references(document)}
    mistakes |= {*_store_mistakes(document, resolved, store_mistake)}
    mistakes |= {*integrations.mistakes(document, resolved)}
    if filled.value is None or mistakes:
        return Checked(document=document, value=None, mistakes=tuple(sorted(mistakes)))
    missing = {section: tuple(mistakes) for section, mistakes in unset.items()}
    old = tuple(integrations.warnings(document))
    value = replace(_settings(filled.value, document.file, missing), warnings=old)
    return Checked(document=document, value=value, mistakes=(*rules.unread(document), *old))


def _store_mistakes(
    document: Document, data: Any, store_mistake: Callable[[str], tuple[str, str] | None]
) -> set[Mistake]:
    table = data.get("store") if isinstance(data, dict) else None
    url = table.get("url") if isinstance(table, dict) else None
    mistake = store_mistake(url) if isinstance(url, str) else None
    return {document.mistake(("store", "url"), mistake[0], hint=mistake[1])} if mistake else set()


def _resolved(
    document: Document, value: Any, path: Path, environ: Mapping[str, str], unset: dict[str, list[Mistake]]
) -> Any:
    """Replace `env:NAME` by the variable's value. Unset variables are left out, and noted by section."""
    if isinstance(value, dict):
        pairs = (
            (key, _resolved(document, each, (*path, key), environ, unset)) for key, each in value.items()
        )
        return {key: each for key, each in pairs if each is not _UNSET}
    if isinstance(value, list):
        items = (
            _resolved(document, each, (*path, index), environ, unset) for index, each in enumerate(value)
        )
        return [each for each in items if each is not _UNSET]
    if not isinstance(value, str) or not value.startswith("env:") or rules.is_secret(path):
        return value
    name = value.removeprefix("env:")
    if name in environ:
        return FromVariable(environ[name])
    section = ".".join(str(part) for part in path[: 1 if path[0] in ("store", "server") else 2])
    hint = f"set {name}, or write the value"
    unset.setdefault(section, []).append(document.mistake(path, f"the variable {name} is not set", hint=hint))
    return _UNSET


_UNSET = object()

_VARIABLES = {
    "GAMEDAY_STORE_URL": ("store", "url"),
    "GAMEDAY_STORE_ARTIFACTS": ("store", "artifacts"),
    "GAMEDAY_SERVER_URL": ("server", "url"),
}


def _override(data: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Let gameday's own variables take precedence over the file."""
    for name, (section, key) in _VARIABLES.items():
        if environ.get(name):
            _put(data, section, key, FromVariable(environ[name]))
    if environ.get("GAMEDAY_SERVER_TOKEN"):
        # The reference, not the value: a token is looked up only when it is used.
        _put(data, "server", "token", "env:GAMEDAY_SERVER_TOKEN")
    environments = data.get("environments")
    for name, table in environments.items() if isinstance(environments, dict) else ():
        prefix = "GAMEDAY_ENVIRONMENTS_" + re.sub(r"\W|-", "_", name).upper()
        for key in ("base_url", "trail"):
            given = environ.get(f"{prefix}_{key.upper()}")
            if given and isinstance(table, dict):
                table[key] = FromVariable(given)


def _put(data: dict[str, Any], section: str, key: str, value: str) -> None:
    table = data.setdefault(section, {})
    if isinstance(table, dict):
        table[key] = value


def _settings(file: SettingsFile, name: str, unset: Mapping[str, tuple[Mistake, ...]]) -> Settings:
    named = {key: _integration(key, table) for key, table in file.integrations.items()}
    return Settings(
        file=name,
        store_url=str(file.store.url),
        store_key=_reference(file.store.key),
        artifacts=str(file.store.artifacts),
        environments={key: _environment(key, table, named) for key, table in file.environments.items()},
        integrations=named,
        server=Server(url=str(file.server.url), token=_reference(file.server.token)),
        people={
            key: Person(name=key, roles=tuple(table.roles), email=table.email)
            for key, table in file.people.items()
        },
        outside=tuple(file.workspace.outside),
        unset=unset,
    )


def _reference(text: str | None) -> Secret | None:
    return None if text is None else Secret(text)


def _integration(name: str, table: IntegrationTable) -> Integration:
    return Integration(
        name=name,
        kind=table.kind,
        url=str(table.url),
        listen=listen.parse(table.listen) if table.listen else None,
        poll=str(table.poll),
        secret=_reference(table.secret),
        audiences=tuple(table.audiences),
    )


def _environment(name: str, table: EnvironmentTable, named: Mapping[str, Integration]) -> Environment:
    own = tuple(named[each] for each in dict.fromkeys(table.integrations) if each in named)
    keys = {"alerts": table.alerts, "incidents": table.incidents, "prometheus": table.prometheus}
    old = [(key, _in_old_form(each)) for key, each in integrations.old_forms(name, keys)]
    own += tuple(each for key, each in old if key != "incidents")
    polled = tuple(each for each in own if each.poll)
    return Environment(
        name=name,
        base_url=str(table.base_url),
        up=tuple(table.up),
        down=tuple(table.down),
        reset=tuple(table.reset),
        trail=str(table.trail),
        integrations=own,
        services=tuple(table.services),
        # In the old form it is asked only for real incidents: no drill reads its alerts.
        incidents=(*polled, *(each for key, each in old if key == "incidents")),
        rules=_rules(table),
        real_incident=table.real_incident.severity if table.real_incident else None,
        executor=table.executor,
        job=None if table.job is None else _job(table.job),
    )


def _in_old_form(old: integrations.OldForm) -> Integration:
    made = Integration(name=old.name, kind=old.kind)
    return replace(made, poll=old.url) if old.key == "poll" else replace(made, url=old.url)


def _job(table: JobTable) -> Job:
    given = table.model_dump()
    return Job(**{**given, "secrets": tuple(table.secrets)})


def _rules(table: EnvironmentTable) -> Policy | None:
    """Make the policy of an environment, with the cluster and account that it names."""
    if table.policy is None and table.kubernetes is None and table.aws is None:
        return None
    given = (table.policy or PolicyTable()).model_dump()
    lists = {key: tuple(value) for key, value in given.items() if isinstance(value, list)}
    return Policy(**{**given, **lists}, kubernetes=_cluster(table.kubernetes), aws=_account(table.aws))


def _cluster(table: Kubernetes | None) -> Cluster | None:
    if table is None:
        return None
    return Cluster(context=table.context, uid=table.cluster_uid, namespaces=tuple(table.namespaces))


def _account(table: Aws | None) -> Account | None:
    return None if table is None else Account(account=table.account, region=table.region, tags=table.tags)
