"""What the models of gameday.toml can't see of integrations: which keys belong together, and the old form.

Which keys an integration needs depends on its kind; an environment names its integrations. What an
environment said before by `alerts`, `incidents` and `prometheus` is still read: it becomes integrations
without a name in the file, and a warning gives the form to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gameday.core.errors import Mistake
from gameday.formats.integration_kinds import CHANNEL, INTEGRATION_KINDS, PROMETHEUS, SHOP, SOURCE_KINDS
from gameday.formats.settings import listen
from gameday.formats.text import document as text_document
from gameday.formats.text import types
from gameday.formats.text.document import Document
from gameday.formats.text.models import FromVariable

WAYS = ("listen", "poll")
"""The keys that only sources of alerts have."""
HOOK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""A name that can be part of a path as it is written."""

Tables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class OldForm:
    """A key of an environment that an integration has replaced. name: of the integration to write."""

    name: str
    kind: str
    key: str
    url: str

    def __str__(self) -> str:
        url = types.without_password(self.url)
        return f'{self.name} = {{kind = "{self.kind}", {self.key} = "{url}"}}'


def old_forms(environment: str, table: Mapping[str, Any]) -> Iterator[tuple[str, OldForm]]:
    """Give what the old keys of an environment's table stand for, each with its key."""
    alerts = table.get("alerts")
    for system, url in alerts.items() if isinstance(alerts, Mapping) else ():
        kind = SHOP if system == "alertmanager" else str(system)
        name = f"{environment}-{kind}" if environment != kind else f"{kind}-alerts"
        yield "alerts", OldForm(name=name, kind=kind, key="url", url=str(url))
    if table.get("incidents"):
        name, url = f"{environment}-alertmanager", str(table["incidents"])
        yield "incidents", OldForm(name=name, kind="alertmanager", key="poll", url=url)
    if table.get("prometheus"):
        name, url = f"{environment}-prometheus", str(table["prometheus"])
        yield "prometheus", OldForm(name=name, kind=PROMETHEUS, key="url", url=url)


def mistakes(document: Document, resolved: Any) -> Iterator[Mistake]:
    """Find what is wrong with integrations, and with what environments name.

    resolved: the file's data with the variables' values; what stands for a variable that is not set is left
    out of it, so that it counts as given only in the document.
    """
    written, values = _tables(document.data, "integrations"), _tables(resolved, "integrations")
    for name, table in written.items():
        yield from _integration(document, name, table, values.get(name, {}))
    for environment, table in _tables(resolved, "environments").items():
        yield from _named(document, environment, table, written)


def warnings(document: Document) -> Iterator[Mistake]:
    """Warn of the old form, of secrets that nothing asks for, and of what is no source of alerts."""
    integrations = _tables(document.data, "integrations")
    for name, table in integrations.items():
        if table.get("kind") in (SHOP, PROMETHEUS) and table.get("secret"):
            message = f"gameday does not use the 'secret' of the kind '{table['kind']}'"
            yield document.mistake(("integrations", name, "secret"), message, at_key=True, warning=True)
    for environment, table in _tables(document.data, "environments").items():
        for key, old in old_forms(environment, table):
            yield document.mistake(
                ("environments", environment, key),
                f"`{key}` of an environment is the old form; it is still read",
                hint=f'write {old} under [integrations], and integrations = ["{old.name}"] in its place',
                at_key=True,
                warning=True,
            )
        for index, name in enumerate(_names(table)):
            kind = integrations.get(name, {}).get("kind")
            if kind == CHANNEL:
                path = ("environments", environment, "integrations", index)
                message = f"'{name}' is a channel: people are notified in it, and no alerts come from it"
                yield document.mistake(path, message, warning=True)


def _integration(
    document: Document, name: str, written: Mapping[str, Any], value: Mapping[str, Any]
) -> Iterator[Mistake]:
    path, kind = ("integrations", name), written.get("kind")
    known = SOURCE_KINDS.get(str(kind))
    ways = known.ways if known else ("url",)
    for key in (*WAYS, "url"):
        if written.get(key) and key not in ways and kind in INTEGRATION_KINDS:
            message = f"an integration of the kind '{kind}' has no '{key}'"
            hint = f"it has {' or '.join(ways)}" if known else ""
            yield document.mistake((*path, key), message, hint=hint, at_key=True)
    if written.get("audiences") and kind != CHANNEL:
        message = f"an integration of the kind '{kind}' sends no messages to people"
        yield document.mistake((*path, "audiences"), message, hint="channels do: apprise", at_key=True)
    if known is None:
        return
    if not any(written.get(way) for way in ways):
        message = f"the kind '{kind}' needs {' or '.join(f'`{way}`' for way in ways)}"
        yield document.mistake(path, message, hint=_EXAMPLES[ways[0]], at_key=True)
    if written.get("listen") and "listen" in ways:
        yield from _listening(document, name, written, value)


_EXAMPLES = {
    "listen": 'listen = "127.0.0.1:9099", where it can send to this host',
    "url": 'url = "http://HOST:PORT"',
}


def _listening(
    document: Document, name: str, written: Mapping[str, Any], value: Mapping[str, Any]
) -> Iterator[Mistake]:
    path = ("integrations", name)
    if not HOOK_NAME.fullmatch(name):
        message = f"'{name}' can't be part of a URL, and the path of its alerts would be /hooks/{name}"
        yield document.mistake(path, message, hint="name it with letters, digits, - and _", at_key=True)
    try:
        address = listen.parse(str(value.get("listen", "")))
    except ValueError:
        return  # the model has reported it, or the variable is not set
    if not address.is_loopback and not written.get("secret"):
        variable = re.sub(r"[^A-Za-z0-9]", "_", name).upper()
        yield document.mistake(
            (*path, "listen"),
            "other hosts can reach this address, and no secret would prove who sends",
            hint=f'add secret = "env:{variable}_TOKEN"; the sender shows it as its bearer token',
        )


def _named(
    document: Document, environment: str, table: Mapping[str, Any], integrations: Tables
) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for index, name in enumerate(_names(table)):
        path = ("environments", environment, "integrations", index)
        if name not in integrations:
            hint = text_document.suggest(name, integrations) or f"add [integrations.{name}] with its kind"
            yield document.mistake(path, f"there is no integration '{name}'", hint=hint)
        elif integrations[name].get("kind") == PROMETHEUS and PROMETHEUS in seen:
            message = f"an environment has one Prometheus, and '{seen[PROMETHEUS]}' is named already"
            yield document.mistake(path, message, hint="a guardrail may name its own `url`")
        else:
            seen.setdefault(str(integrations[name].get("kind")), name)


def _names(table: Mapping[str, Any]) -> list[str]:
    names = table.get("integrations")
    names = str(names).split() if isinstance(names, FromVariable) else names
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _tables(data: Any, section: str) -> Tables:
    tables = data.get(section) if isinstance(data, Mapping) else None
    if not isinstance(tables, Mapping):
        return {}
    return {str(name): table for name, table in tables.items() if isinstance(table, Mapping)}
