"""JSON -> a `Document`.

Comments are skipped and reported as a mistake: Chaos Toolkit refuses them. NaN and Infinity, which Python's
own reader accepts, are refused (RFC 8259).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from typing import Any, NoReturn

from gameday.core.errors import Mistake
from gameday.formats.text import document
from gameday.formats.text.document import Document, Path, Spot

_SPACE = re.compile(r"[ \t\n\r]*")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|#[^\n]*", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", re.ASCII)
_WORD = re.compile(r"[A-Za-z_]\w*")
_STRINGS = JSONDecoder()
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(slots=True)
class _Reader:
    """Reads one text; `at` is the offset of the next character."""

    text: str
    file: str
    at: int = 0
    count: int = 0
    commented: bool = False
    values: dict[Path, Spot] = field(default_factory=dict)
    keys: dict[Path, Spot] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    lines: document.Lines = field(init=False)

    def __post_init__(self) -> None:
        self.lines = document.Lines(self.text)

    def fail(self, message: str, hint: str = "", *, at: int | None = None) -> NoReturn:
        """Raise InvalidFiles at the next character, or at another one."""
        where = self.at if at is None else at
        document.fail(self.file, self.lines.spot(where), f"JSON: {message}", hint)

    def peek(self) -> str:
        """Skip blanks and comments. Give the next character, or an empty text at the end."""
        while True:
            space = _SPACE.match(self.text, self.at)
            self.at = space.end() if space else self.at
            comment = _COMMENT.match(self.text, self.at)
            if comment is None:
                return self.text[self.at : self.at + 1]
            # Once is enough: a file with comments usually has many.
            if not self.commented:
                self.commented = True
                self._note(
                    self.at,
                    "JSON has no comments: Chaos Toolkit refuses this file",
                    "remove them, or write the experiment as YAML",
                )
            self.at = comment.end()

    def _note(self, at: int, message: str, hint: str) -> None:
        line, column = self.lines.spot(at)
        self.mistakes.append(Mistake(file=self.file, line=line, column=column, message=message, hint=hint))

    def value(self, path: Path) -> Any:
        """Read the value that begins here."""
        first = self.peek()
        self.values.setdefault(path, self.lines.spot(self.at))
        self.count += 1
        if self.count > document.MAX_VALUES:
            self.fail(f"the file holds more than {document.MAX_VALUES} values")
        if first in ("{", "[") and len(path) >= document.MAX_DEPTH:
            self.fail(f"values are nested deeper than {document.MAX_DEPTH} levels")
        if first == "{":
            return self._object(path)
        if first == "[":
            return self._array(path)
        return self._string() if first == '"' else self._scalar(first)

    def _object(self, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        self.at += 1
        if self.peek() == "}":
            self.at += 1
            return mapping
        while True:
            self._member(path, mapping)
            if not self._more("}"):
                return mapping

    def _member(self, path: Path, mapping: dict[str, Any]) -> None:
        if self.peek() != '"':
            self.fail("a key in double quotes is expected here", 'write "key": value')
        begin = self.at
        key = self._string()
        where = (*path, key)
        if key in mapping:
            self._note(
                begin, f"'{key}' is written twice", f"it is first on line {self.keys[where].line}; keep one"
            )
        self.keys.setdefault(where, self.lines.spot(begin))
        if self.peek() != ":":
            self.fail(f"a ':' is missing after the key '{key}'")
        self.at += 1
        value = self.value(where)
        # The first counts, as its position does; the second is reported as a mistake.
        mapping.setdefault(key, value)

    def _array(self, path: Path) -> list[Any]:
        items: list[Any] = []
        self.at += 1
        if self.peek() == "]":
            self.at += 1
            return items
        while True:
            items.append(self.value((*path, len(items))))
            if not self._more("]"):
                return items

    def _more(self, end: str) -> bool:
        """Step over a comma (True) or the end (False)."""
        end_of_value, character = self.at, self.peek()
        if character not in (",", end):
            problem = "the file ends" if not character else "unexpected text"
            self.fail(
                f"{problem} where ',' or '{end}' is expected",
                "",
                at=end_of_value if not character else self.at,
            )
        comma = self.at
        self.at += 1
        if character == "," and self.peek() == end:
            self.fail(f"there is a ',' before '{end}'", "JSON allows no comma after the last value", at=comma)
        return character == ","

    def _string(self) -> str:
        begin = self.at
        try:
            # Python's own reader, for strings only: escapes are easy to get wrong.
            text, self.at = _STRINGS.raw_decode(self.text, begin)
        except JSONDecodeError as error:
            self.fail(error.msg.lower(), at=min(error.pos, len(self.text)))
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            self.fail("half of a surrogate pair is not a character", at=begin)
        return str(text)

    def _scalar(self, first: str) -> Any:
        number = _NUMBER.match(self.text, self.at)
        if number:
            return self._number(number)
        word = _WORD.match(self.text, self.at)
        if word is None or word.group() not in _WORDS:
            self._no_value(word.group() if word else first)
        self.at = word.end()
        return _WORDS[word.group()]

    def _no_value(self, shown: str) -> NoReturn:
        if not shown:
            self.fail("the file ends where a value is expected")
        near = document.nearest(shown, _WORDS)
        self.fail(
            f"'{shown}' is not a value", f"did you mean {near}?" if near else "put text into double quotes"
        )

    def _number(self, written: re.Match[str]) -> int | float:
        try:
            number = float(written.group()) if written[1] or written[2] else int(written.group())
        # Python converts no integer of more than 4,300 digits.
        except ValueError:
            self.fail("this number is too long")
        self.at = written.end()
        return number


def read(text: str, file: str) -> Document:
    """Read one JSON document. Raises InvalidFiles."""
    reader = _Reader(text, file)
    data = reader.value(())
    if reader.peek():
        reader.fail("there is more text after the end of the value")
    return Document(
        file=file,
        data=data,
        values=reader.values,
        keys=reader.keys,
        mistakes=tuple(reader.mistakes),
    )
