"""What the models of gameday.toml can't see: references that name no variable, and keys that nothing uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gameday.core.errors import Mistake
from gameday.formats import integration_kinds
from gameday.formats.text.document import Document, Path

SECRETS = ("secret", "token")
"""Keys whose value refers to a secret: it is looked up when it is used, never when the file is read."""


def is_secret(path: Path) -> bool:
    """Report whether a value is a reference to a secret."""
    return path[-1] in SECRETS or path == ("store", "key")


def references(document: Document) -> Iterator[Mistake]:
    """Find `env:` before what can't be the name of a variable."""
    yield from _references(document, document.data, ())


def _references(document: Document, value: Any, path: Path) -> Iterator[Mistake]:
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _references(document, entry, (*path, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _references(document, entry, (*path, index))
    elif isinstance(value, str) and re.match(r"env:(?![A-Za-z_]\w*$)", value) and not is_secret(path):
        yield document.mistake(path, f"'{value}' does not name a variable", hint="write env:NAME")


def unread(document: Document) -> Iterator[Mistake]:
    """Warn of what a file may say, but gameday does not use yet: nobody should rely on it."""
    if document.get(("server",)):
        message = "gameday does not use [server] yet: commands go to this workspace's store"
        yield document.mistake(("server",), message, at_key=True, warning=True)
    for name, table in _tables(document, "integrations"):
        if table.get("kind") in integration_kinds.UNREAD_KINDS:
            message = f"gameday does not use integrations of the kind '{table['kind']}' yet"
            yield document.mistake(("integrations", name, "kind"), message, warning=True)
        elif table.get("kind") == integration_kinds.CHANNEL and table.get("url"):
            message = "gameday does not use the 'url' of a channel: its secret is the whole address"
            yield document.mistake(("integrations", name, "url"), message, at_key=True, warning=True)


def _tables(document: Document, section: str) -> Iterator[tuple[str, dict[str, Any]]]:
    tables = document.get((section,))
    for name, table in tables.items() if isinstance(tables, dict) else ():
        if isinstance(table, dict):
            yield name, table
