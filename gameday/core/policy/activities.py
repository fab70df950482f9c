"""Finds every provider that a Chaos Toolkit document names, and resolves its `${…}`.

A provider counts wherever it is: in an activity, a control, a tolerance or a dynamic configuration. The whole
document is walked, so that nothing can be hidden under a key that nobody looks for. Nothing is imported.

Substitution follows chaoslib: `string.Template`, once, the configuration before the secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gameday.core.policy.model import Document

REFERENCE = re.compile(r"\$(?:(\$)|([_a-z][_a-z0-9]*)|\{([_a-z][_a-z0-9]*)\})", re.IGNORECASE | re.ASCII)
"""What chaoslib fills in: `$$`, `$name` or `${name}`."""


class Unknown(ValueError):
    """A value that can't be known before the experiment runs."""

    hint = "write it literally, or set the variable before the start"


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """One location that names a provider.

    where    the document and the location within it
    control  a Chaos Toolkit control: a module without a function
    """

    where: str
    provider: Any
    control: bool


def find(document: Document) -> Iterator[Activity]:
    """Give every location in a document that names a provider."""
    yield from _walk(document.body, document.name, "", control=False)


def _walk(tree: Any, name: str, path: str, *, control: bool) -> Iterator[Activity]:
    if isinstance(tree, Mapping):
        if "provider" in tree:
            label = tree.get("name")
            where = f"{name}{f': {label}' if isinstance(label, str) else path}"
            yield Activity(where=where, provider=tree["provider"], control=control)
        for key, value in tree.items():
            yield from _walk(
                value, name, f"{path} {key}", control=key == "controls" or (control and _listed(tree))
            )
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _walk(value, name, path, control=control)


def _listed(tree: Mapping[str, Any]) -> bool:
    """Whether a mapping lists controls by name, as Chaos Toolkit's settings do."""
    return "provider" not in tree


def resolve(value: Any, document: Document, variables: Mapping[str, str]) -> Any:
    """Replace `${name}` in a text, list or mapping. Raises Unknown for what is known only at run time."""
    if isinstance(value, str):
        return REFERENCE.sub(lambda reference: _value(reference, document, variables), value)
    if isinstance(value, Mapping):
        return {key: resolve(each, document, variables) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(each, document, variables) for each in value]
    return value


def _value(reference: re.Match[str], document: Document, variables: Mapping[str, str]) -> str:
    dollar, plain, braced = reference.groups()
    if dollar:
        return "$"
    name = plain or braced
    known = configured(document, variables).get(name)
    if isinstance(known, str | int | float):
        return str(known)
    raise Unknown(f"{reference[0]} can't be known before the experiment runs")


def configured(document: Document, variables: Mapping[str, str]) -> dict[str, Any]:
    """Give a document's configuration as far as it is known: literals, and variables with their defaults."""
    configuration = document.body.get("configuration")
    entries = configuration if isinstance(configuration, Mapping) else {}
    return {str(name): _configured(value, variables) for name, value in entries.items()}


def _configured(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping) and value.get("type") == "env":
        return variables.get(str(value.get("key")), value.get("default"))
    return value


def names_variables(document: Document) -> tuple[str, ...]:
    """Name the environment variables that a document's configuration reads."""
    configuration = document.body.get("configuration")
    entries = configuration.values() if isinstance(configuration, Mapping) else ()
    return tuple(
        str(each.get("key")) for each in entries if isinstance(each, Mapping) and each.get("type") == "env"
    )


def required_variables(document: Document) -> tuple[str, ...]:
    """Name the environment variables without which Chaos Toolkit does not start: those without a default."""
    configuration = document.body.get("configuration")
    entries = configuration.values() if isinstance(configuration, Mapping) else ()
    named = [entry for entry in entries if isinstance(entry, Mapping) and "default" not in entry]
    wanted = [entry for entry in named if entry.get("type") == "env"]
    wanted += _from_environment(document.body.get("secrets"))
    return tuple(dict.fromkeys(str(entry["key"]) for entry in wanted if "key" in entry))


def _from_environment(tree: Any) -> list[Mapping[str, Any]]:
    if not isinstance(tree, Mapping):
        return []
    if tree.get("type") == "env":
        return [tree]
    return [entry for each in tree.values() for entry in _from_environment(each)]
