"""What text that people wrote becomes: plain values that know where they stand in their file.

A `Document` holds dicts, lists, texts, numbers, booleans and None, the position of every key and
value, and the mistakes that did not stop the reading (a key written twice, a word that YAML 1.1
reads as something else). What does stop it raises InvalidFiles. `formats.text.reader` makes Documents.
Does not: open a file, or know what the values mean.

Nothing is ever constructed from a tag, and size, depth and number of values are limited, so that
a hostile file costs no more than a few seconds.
"""

from __future__ import annotations

import bisect
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

from gameday.core.errors import InvalidFiles, Mistake

LARGEST = 1 << 20
"""Bytes of a file."""
DEEPEST = 50
"""Levels of values within values."""
MOST = 20_000
"""Values of a file, an alias counted as all that it stands for."""

Path = tuple[str | int, ...]
"""Keys and indices from the top of a document to a value."""

T = TypeVar("T")


class Spot(NamedTuple):
    """A place in a file; lines and columns count from 1, columns in characters."""

    line: int
    column: int


TOP = Spot(1, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """The values of a file. `values`: where each begins; `keys`: where its key does."""

    file: str
    data: Any
    values: Mapping[Path, Spot] = field(default_factory=dict)
    keys: Mapping[Path, Spot] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()

    def spot(self, path: Path) -> Spot:
        """Give the place of a value, or of the nearest thing around it that is in the file."""
        return next((self.values[up] for up in _upwards(path) if up in self.values), TOP)

    def key_spot(self, path: Path) -> Spot:
        """Give the place of a value's key; of the value itself where it has none."""
        return self.keys.get(path) or self.spot(path)

    def mistake(
        self, path: Path, message: str, *, hint: str = "", at_key: bool = False, warning: bool = False
    ) -> Mistake:
        """Make a mistake at a value, or at its key."""
        spot = self.key_spot(path) if at_key else self.spot(path)
        return Mistake(
            file=self.file,
            line=spot.line,
            column=spot.column,
            message=message,
            hint=hint,
            warning=warning,
        )

    def get(self, path: Path, default: Any = None) -> Any:
        """Give the plain value at a path, or `default` where there is none."""
        found = self.data
        for part in path:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return default
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked(Generic[T]):
    """What a file says, as far as it could be understood, with all its mistakes and warnings."""

    document: Document
    value: T | None
    mistakes: tuple[Mistake, ...] = ()


def decode(content: bytes, file: str) -> str:
    """Read bytes as UTF-8, with or without a mark at the beginning. Raises InvalidFiles."""
    if len(content) > LARGEST:
        fail(file, TOP, f"the file has {len(content)} bytes; at most {LARGEST} are read")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        before = content[: wrong.start].decode("utf-8", errors="replace")
        spot = Lines(before).spot(len(before))
        fail(file, spot, f"byte 0x{content[wrong.start]:02x} is not UTF-8", "save the file as UTF-8")


class Lines:
    """The lines of a text, to find the place of a character by its number."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def spot(self, offset: int) -> Spot:
        """Give the place of a character by its number from 0."""
        line = bisect.bisect_right(self._starts, offset)
        return Spot(line, offset - self._starts[line - 1] + 1)


def fail(file: str, spot: Spot, message: str, hint: str = "") -> NoReturn:
    """Raise InvalidFiles with one mistake, which ends the reading of a file."""
    raise InvalidFiles((Mistake(file=file, line=spot.line, column=spot.column, message=message, hint=hint),))


def nearest(word: str, words: Iterable[str]) -> str:
    """Give the valid word that somebody most likely meant, or an empty text."""
    known = {valid.lower(): valid for valid in words}
    found = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return known[found[0]] if found else ""


def suggest(word: str, words: Iterable[str]) -> str:
    """Write a hint: the nearest valid word, else all of them."""
    valid = [word for word in dict.fromkeys(words) if word]
    near = nearest(word, valid)
    if near:
        return f"did you mean '{near}'?"
    return f"one of: {', '.join(valid)}" if valid else ""


def _upwards(path: Path) -> Iterable[Path]:
    return (path[:length] for length in range(len(path), -1, -1))
