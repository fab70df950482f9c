r"""Shows characters that nobody would see, or that steer what shows them, as escapes such as `\u202e`.

Texts from outside may hold control characters, terminal sequences, bidirectional overrides and characters of
no width: with them a line reads as another one, or hides a part of itself. Facts keep their texts; every
renderer, and every door to a terminal, a chat or a feed, shows them through here.
"""

from __future__ import annotations

import re
from functools import cache

_EMOJI = (
    "\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff"
    "\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff"
)
_KEPT = rf"(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])|(?<=[{_EMOJI}#*0-9])[\ufe0e\ufe0f]|\r(?=\n)"
"""What joins emoji to one picture or chooses its form, and the end of a line of a calendar feed."""
_HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but for the tab and the newline
    "\u00ad\u034f\u061c\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\ud800-\udfff"  # halves of a pair, which no encoding holds
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_BREAKS = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}
_BREAK = re.compile(r"[\t\n\r]")
_SPACE = r"[ \t\r\n\x0b\x0c\x85\u2028\u2029]+"


def visible(text: str) -> str:
    """Show hidden characters as escapes. Lines stay lines, and a joined emoji one picture."""
    if _plain(text):
        return text
    return _pattern().sub(lambda found: _escape(found[1]) if found[1] else found[0], text)


def line(text: str) -> str:
    """Show a text on one line: breaks and runs of blanks become one blank, hidden characters escapes."""
    return visible(re.sub(_SPACE, " ", text).strip(" "))


def one_line(text: str) -> str:
    """Show a text on one line, as it is: breaks and tabs are escapes, so that no line is forged."""
    return visible(_BREAK.sub(lambda found: _BREAKS[found[0]], text))


def in_json(text: str) -> str:
    """Write the hidden characters of a JSON document as JSON's own escapes: it reads as the same data."""
    if _plain(text):
        return text
    return _pattern().sub(lambda found: _json_escape(found[1]) if found[1] else found[0], text)


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


@cache  # not at the import: most commands show plain texts alone, and it takes 2 ms
def _pattern() -> re.Pattern[str]:
    return re.compile(f"{_KEPT}|([{_HIDDEN}])")


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
