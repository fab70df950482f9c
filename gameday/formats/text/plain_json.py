"""Make a plain JSON value of anything that other people's code hands over: outputs of activities, journals.

Such a value may hold objects whose `repr` raises, NaN, half a surrogate pair, a hundred megabytes or itself.
None of it may keep gameday from recording what happened, holding a fault or reverting it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

from gameday.core.errors import Stopped

LONGEST_TEXT = 1_048_576
"""Characters of one text; a longer one is replaced by its length: cut, it could show half a secret."""
MOST_VALUES = 100_000
DEEPEST = 40
MOST_BITS = 1024
"""Of a whole number: Python refuses to write one of thousands of digits."""


def plain(value: Any) -> Any:
    """Give a value as JSON holds it: cut where it is too long or too deep, in words where JSON has no form.

    Never raises, whatever the value's own methods do; a signal's `Stopped` passes.
    """
    return _Copy().of_any(value, 0)


def plain_text(value: Any) -> str:
    """Give any value as a text that UTF-8 can hold; None is empty. Never raises."""
    made = plain(value)
    return "" if made is None else made if isinstance(made, str) else str(made)


def mapping(value: Any) -> Mapping[str, Any]:
    """Give a mapping as it is, and an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


class _Copy:
    """One copy, with the number of values that it may still take."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def of_any(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            return "…"
        try:
            return self._of(value, depth)
        except Stopped:  # comes between, at any line: it ends our process, not the value's method
            raise
        except BaseException:  # noqa: BLE001  # a foreign object's methods may raise anything, SystemExit too
            return f"(a {type(value).__name__} that can't be shown)"

    def _of(self, value: Any, depth: int) -> Any:
        match value:
            case None | bool():
                return value
            case str():
                return _text(str.__str__(value))
            case int() | float():
                return _number(value)
            case Mapping():
                entries = itertools.islice(value.items(), max(self._left, 0))
                return {_key(key): self.of_any(each, depth + 1) for key, each in entries}
            case list() | tuple() | set() | frozenset():
                entries = itertools.islice(value, max(self._left, 0))
                return [self.of_any(each, depth + 1) for each in entries]
            case _:
                return _text(str(value))


def _number(value: float) -> Any:
    if isinstance(value, int):
        whole = int.__index__(value)
        bits = whole.bit_length()
        return whole if bits <= MOST_BITS else f"(a whole number of {bits} bits)"
    number = float.__float__(value)
    return number if math.isfinite(number) else str(number)


def _key(key: Any) -> str:
    return _text(str.__str__(key) if isinstance(key, str) else str(key))


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        return f"(a text of {len(text)} characters)"
    # Half a surrogate pair can't be written as UTF-8.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
