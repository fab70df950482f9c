"""The values of a file that people wrote, with the position of each.

A `Document` holds mappings, lists, texts, numbers, booleans and None, the position of every key and value,
and the mistakes that did not stop the reading (a key written twice, a word that YAML 1.1 reads as something
else). A mistake that does stop it raises InvalidFiles. `formats.text.reader` makes Documents.

Nothing is ever constructed from a tag, and size, depth and number of values are limited: a hostile file
costs a few seconds at most.
"""

from __future__ import annotations

import bisect
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

from gameday.core.errors import InvalidFiles, Mistake

MAX_BYTES = 1 << 20
MAX_DEPTH = 50
"""Levels of values within values."""
MAX_VALUES = 20_000
"""An alias counts as all the values that it repeats."""

Path = tuple[str | int, ...]
"""Keys and indices from the top of a document to a value."""

T = TypeVar("T")


class Spot(NamedTuple):
    """A position in a file. Lines and columns count from 1, columns in characters."""

    line: int
    column: int


TOP = Spot(1, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """The values of a file. `values`: where each value begins; `keys`: where its key begins."""

    file: str
    data: Any
    values: Mapping[Path, Spot] = field(default_factory=dict)
    keys: Mapping[Path, Spot] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()

    def spot(self, path: Path) -> Spot:
        """Give the position of a value, or of the nearest one around it that is in the file."""
        return next((self.values[up] for up in _upwards(path) if up in self.values), TOP)

    def key_spot(self, path: Path) -> Spot:
        """Give the position of a value's key, or of the value itself if it has no key."""
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
        """Give the plain value at a path, or `default` if the path does not exist."""
        value = self.data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return default
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked(Generic[T]):
    """The value that a file describes, if it has no mistakes, and all its mistakes and warnings."""

    document: Document
    value: T | None
    mistakes: tuple[Mistake, ...] = ()


def decode(content: bytes, file: str) -> str:
    """Decode UTF-8, with or without a byte-order mark. Raises InvalidFiles."""
    if len(content) > MAX_BYTES:
        fail(file, TOP, f"the file has {len(content)} bytes; at most {MAX_BYTES} are read")
    try:
        # Editors on Windows write a byte-order mark.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", errors="replace")
        spot = Lines(before).spot(len(before))
        fail(file, spot, f"byte 0x{content[error.start]:02x} is not UTF-8", "save the file as UTF-8")


class Lines:
    """The lines of a text, to find the position of a character by its offset."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(newline.end() for newline in re.finditer("\n", text))]

    def spot(self, offset: int) -> Spot:
        """Give the position of a character by its offset from 0."""
        line = bisect.bisect_right(self._starts, offset)
        return Spot(line, offset - self._starts[line - 1] + 1)


def fail(file: str, spot: Spot, message: str, hint: str = "") -> NoReturn:
    """Raise InvalidFiles with one mistake, which ends the reading of a file."""
    raise InvalidFiles((Mistake(file=file, line=spot.line, column=spot.column, message=message, hint=hint),))


def number_problem(error: ValueError) -> str:
    """Say what is wrong with a number or a date that Python can't convert."""
    # Python's own words for a number of more than 4,300 digits name a setting of the interpreter.
    if "set_int_max_str_digits" in str(error):
        return "this number is too long"
    return f"this number can't be read: {error}"


def nearest(word: str, words: Iterable[str]) -> str:
    """Give the valid word that was most likely meant, or an empty text."""
    known = {valid.lower(): valid for valid in words}
    matches = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return known[matches[0]] if matches else ""


def suggest(word: str, words: Iterable[str]) -> str:
    """Write a hint: the nearest valid word, or else all of them."""
    valid = [word for word in dict.fromkeys(words) if word]
    near = nearest(word, valid)
    if near:
        return f"did you mean '{near}'?"
    return f"one of: {', '.join(valid)}" if valid else ""


def _upwards(path: Path) -> Iterable[Path]:
    return (path[:length] for length in range(len(path), -1, -1))
