"""Reads a file's text and tells its mistakes as `LINE:COLUMN message | hint`, warnings with a `?`."""

from __future__ import annotations

from collections.abc import Callable

from gameday.core.errors import Mistake
from gameday.formats.text import reader
from gameday.formats.text.document import Checked, Document


def told(mistakes: tuple[Mistake, ...]) -> list[str]:
    return [
        f"{one.line}:{one.column}{'?' if one.warning else ''} {one.message}{' | ' + one.hint if one.hint else ''}"
        for one in sorted(mistakes)
    ]


def of(text: str, file: str, check: Callable[[Document], Checked[object]]) -> list[str]:
    return told(check(reader.attempt(reader.read, text.encode(), file)).mistakes)
