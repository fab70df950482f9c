"""The bytes of a YAML, JSON or TOML file -> a `Document`, by the ending of the file's name."""

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
            from gameday.formats.text import json as json_text  # noqa: PLC0415  # only the reader that the file needs

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
    except InvalidFiles as error:
        return Document(file=file, data=None, mistakes=error.mistakes)
