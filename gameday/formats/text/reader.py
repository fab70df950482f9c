"""The bytes of a YAML, JSON or TOML file -> a `source.Document`, by the ending of its name.

Comes in: bytes and a name. Goes out: plain values with their places. Raises InvalidFiles.
Does not: open a file, or know what the values mean.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from gameday.core.errors import InvalidFiles
from gameday.formats.text import document
from gameday.formats.text.document import Document


def read(content: bytes, file: str) -> Document:
    """Read a file by the ending of its name: .toml, .json, else YAML. Raises InvalidFiles."""
    text = document.decode(content, file)
    match PurePosixPath(file).suffix.lower():
        case ".json":
            from gameday.formats.text import json as json_text  # noqa: PLC0415  # one reader a file

            return json_text.read(text, file)
        case ".toml":
            from gameday.formats.text import toml as toml_text  # noqa: PLC0415

            return toml_text.read(text, file)
        case _:
            from gameday.formats.text import yaml as yaml_text  # noqa: PLC0415  # ruamel takes 70 ms to import

            return yaml_text.read(text, file)


def attempt(reader: Callable[[bytes, str], Document], content: bytes, file: str) -> Document:
    """Read a file; one that can't be read becomes an empty document with its mistakes."""
    try:
        return reader(content, file)
    except InvalidFiles as wrong:
        return Document(file=file, data=None, mistakes=wrong.mistakes)
