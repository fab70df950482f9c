r"""A text as servers may read it: percent signs, HTML and the escapes of JSON undone.

Each encoding is undone by itself and after every other one, until nothing changes: one may hide in another in
any order (`\\u003a`, `%26%2358;`), and to undo one may spoil what another reading needs.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

from gameday.core.policy import paths

MOST = 200
"""Readings of one text."""
_PERCENT = re.compile(rb"%([0-9a-fA-F]{2})")
# However many backslashes are before it: JSON within JSON doubles them.
_BACKSLASH = re.compile(
    r"\\+(?:u\{([0-9a-f]{1,6})\}|(?-i:U)([0-9a-f]{8})|u([0-9a-f]{4})|x([0-9a-f]{2})|([0-7]{2,3})|[nrt])",
    re.IGNORECASE,
)
_MARKED = re.compile(r"\\+(?=[:/.@?#&=,;])")


def forms(text: str) -> tuple[str, ...]:
    """Give every reading of a text, the text itself first.

    Raises ValueError where it is encoded more often than `paths.DEEPEST`, or can be read in too many ways.
    """
    readings = {text: None}
    latest = [text]
    for _ in range(paths.DEEPEST + 1):
        fresh = dict.fromkeys(undo(each) for each in latest for undo in _UNDONE)
        latest = [each for each in fresh if each not in readings]
        if not latest:
            return tuple(readings)
        readings |= dict.fromkeys(latest)
        if len(readings) > MOST:
            raise ValueError(f"it can be read in more than {MOST} ways")
    raise ValueError(f"it is encoded more than {paths.DEEPEST} times")


def _unquoted(text: str) -> str:
    if "%" not in text:
        return text
    decoded = _PERCENT.sub(lambda escape: bytes([int(escape[1], 16)]), text.encode(errors="replace"))
    return decoded.decode(errors="replace")


def _without_references(text: str) -> str:
    return html.unescape(text)


def _without_backslashes(text: str) -> str:
    return _BACKSLASH.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    if escape[5]:
        return chr(int(escape[5], 8))
    digits = next((each for each in escape.groups() if each), "20")  # a break is a blank
    number = int(digits, 16)
    return chr(number) if number <= 0x10FFFF else escape[0]


def _without_marks(text: str) -> str:
    r"""Take away backslashes that escape a mark, as in `http\:\/\/`."""
    return _MARKED.sub("", text)


def _plain(text: str) -> str:
    """Write full-width and other compatible letters plainly, without characters that nobody sees."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text).replace("\u3002", ".")
    return "".join(each for each in plain if unicodedata.category(each) != "Cf")


_UNDONE: tuple[Callable[[str], str], ...] = (
    _unquoted,
    _without_references,
    _without_backslashes,
    _without_marks,
    _plain,
)
