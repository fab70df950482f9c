"""The mistakes of a file as lines `LINE:COLUMN message | hint`; a warning has a `?` after its column."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from gameday.core.errors import InvalidFiles, Mistake
from gameday.formats.text import reader
from gameday.formats.text.document import Checked, Document

T = TypeVar("T")


def as_lines(mistakes: tuple[Mistake, ...]) -> list[str]:
    return [
        f"{one.line}:{one.column}{'?' if one.warning else ''} {one.message}{' | ' + one.hint if one.hint else ''}"
        for one in sorted(mistakes)
    ]


def lines_of(text: str, file: str, check: Callable[[Document], Checked[object]]) -> list[str]:
    return as_lines(check(reader.attempt(reader.read, text.encode(), file)).mistakes)


def require(checked: Checked[T]) -> T:
    """Give the value of a file. Raises InvalidFiles for a mistake that is more than a warning."""
    if checked.value is None:
        raise InvalidFiles(checked.mistakes)
    assert all(mistake.warning for mistake in checked.mistakes)
    return checked.value
