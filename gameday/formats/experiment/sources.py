"""Where configuration and secrets take their values from: what Chaos Toolkit can't read of it.

Some of it `chaos validate` refuses in words, most of it ends it with a traceback. Whether a variable of the
environment is set is not looked at: that differs from host to host.

Source: chaoslib.configuration, chaoslib.secret, chaoslib.deprecation, chaoslib.convert_to_type, 1.44.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gameday.core.errors import Mistake
from gameday.formats.text import document as text_document
from gameday.formats.text import models
from gameday.formats.text.document import Document, Path

_WORDS = ("str", "string", "bytes", "bool")
_CONVERTED: Mapping[str, Callable[[Any], Any]] = {
    "int": int,
    "integer": int,
    "float": float,
    "number": float,
    "json": lambda value: json.loads(value) if isinstance(value, str) and value else value,
}
TYPES = (*_WORDS, *_CONVERTED)
"""What the value of a variable may be made into."""


def check(document: Document) -> Iterator[Mistake]:
    """Find what is wrong with the sources of configuration and secrets."""
    yield from _configuration(document)
    secrets = document.get(("secrets",))
    if isinstance(secrets, Mapping):
        yield from _groups(document, secrets)
        yield from _secrets(document, secrets, ("secrets",))


def required(document: Document) -> Iterator[tuple[Path, str]]:
    """Give the environment variables without which Chaos Toolkit does not start, and where they are named."""
    for top in ("configuration", "secrets"):
        yield from _required(document.get((top,)), (top,))


def _required(tree: Any, path: Path) -> Iterator[tuple[Path, str]]:
    for name, entry in tree.items() if isinstance(tree, Mapping) else ():
        if not isinstance(entry, Mapping):
            continue
        key = entry.get("key")
        if entry.get("type") == "env" and isinstance(key, str) and "default" not in entry:
            yield (*path, name, "key"), key
        elif path[0] == "secrets" and entry.get("type") not in ("env", "vault"):
            yield from _required(entry, (*path, name))


def _configuration(document: Document) -> Iterator[Mistake]:
    entries = document.get(("configuration",))
    for name, entry in entries.items() if isinstance(entries, Mapping) else ():
        if isinstance(entry, Mapping) and entry.get("type") == "env":
            path: Path = ("configuration", name)
            yield from _key(document, path, entry)
            yield from _type(document, path, entry)


def _key(document: Document, path: Path, entry: Mapping[str, Any]) -> Iterator[Mistake]:
    if "key" not in entry:
        hint = "key: the environment variable to read"
        yield document.mistake(path, "the key 'key' is missing", hint=hint)
        return
    key = entry["key"]
    if not isinstance(key, str):
        message = f"expected the name of an environment variable, not {models.kind(key)}"
        yield document.mistake((*path, "key"), message)
    elif not key or "=" in key or "\0" in key:
        yield document.mistake((*path, "key"), f"'{key}' can't be the name of an environment variable")


def _type(document: Document, path: Path, entry: Mapping[str, Any]) -> Iterator[Mistake]:
    kind = entry.get("env_var_type")
    if kind is None:
        return
    if kind not in TYPES:
        hint = text_document.suggest(str(kind), TYPES)
        message = f"a variable's value can't be made into {models.kind(kind)}"
        yield document.mistake((*path, "env_var_type"), message, hint=hint)
    elif "default" in entry and not _converts(kind, entry["default"]):
        message = f"the default, {models.kind(entry['default'])}, is not of the type {kind}"
        yield document.mistake((*path, "default"), message)


def _converts(kind: str, value: Any) -> bool:
    if kind in ("bool", "bytes"):
        return isinstance(value, str) or (kind == "bool" and isinstance(value, bool))
    try:
        _CONVERTED.get(kind, str)(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _groups(document: Document, secrets: Mapping[str, Any]) -> Iterator[Mistake]:
    """Find groups that are none: Chaos Toolkit looks into each for the names that it holds."""
    for name, group in secrets.items():
        if not isinstance(group, Mapping):
            # Its text is not shown: it may be a secret.
            found = "a text" if isinstance(group, str) else models.kind(group)
            message = f"a group of secrets is a mapping of names to values, not {found}"
            hint = "put it into a group: secrets: {GROUP: {NAME: …}}"
            yield document.mistake(("secrets", name), message, hint=hint)


def _secrets(document: Document, tree: Mapping[str, Any], path: Path) -> Iterator[Mistake]:
    for name, entry in tree.items():
        if not isinstance(entry, Mapping):
            continue
        if entry.get("type") == "env":
            yield from _key(document, (*path, name), entry)
        elif entry.get("type") != "vault":
            yield from _secrets(document, entry, (*path, name))
