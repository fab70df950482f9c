"""TOML -> a `Document`: values by tomllib, positions by a light scan of the same text.

tomllib gives no positions, and tomlkit keeps white space but no line numbers. Once tomllib has found the
text valid, a scan that knows only strings, comments and brackets finds every key and value. If it should
miss one, a mistake is reported at the nearest value around it. Source: TOML 1.0.0.
"""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import dataclass, field
from typing import Any, NoReturn

from gameday.formats.text import document as text_document
from gameday.formats.text.document import Document, Path, Spot

MAX_CHARACTERS = 1 << 18
"""tomllib takes a second for a file of this length."""
_MAX_DOTS = 500
"""Dots on one line: tomllib's time grows with the square of a dotted key's parts."""
_PLACE = re.compile(
    r"(?P<text>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL
)
_TWICE = re.compile(r"Cannot declare (?P<keys>\('.*\)) twice$", re.DOTALL)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")' r"|'''.*?'{3,5}(?!')" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'", re.DOTALL
)
_LONG_NUMBER = re.compile(r"[0-9_]{4300,}")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\n]*[^,\]}#\n \t\r]")


def read(text: str, file: str) -> Document:
    """Read a TOML file. Raises InvalidFiles."""
    _limit(text, file)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _explain(str(error), text, file)
    # tomllib parses recursively; its limit is Python's.
    except RecursionError:
        _too_deep(file)
    except ValueError as error:  # a number with thousands of digits, a date that does not exist
        long = _LONG_NUMBER.search(text)
        spot = text_document.Lines(text).spot(long.start()) if long else text_document.TOP
        text_document.fail(file, spot, f"TOML: {text_document.number_problem(error)}")
    # Before the scan, which recurses as well.
    if _depth(data) > text_document.MAX_DEPTH:
        _too_deep(file)
    scan = _Scan(text)
    scan.document()
    if len(scan.values) > text_document.MAX_VALUES:
        text_document.fail(
            file, text_document.TOP, f"the file holds more than {text_document.MAX_VALUES} values"
        )
    return Document(file=file, data=data, values=scan.values, keys=scan.keys)


def _too_deep(file: str) -> NoReturn:
    message = f"values are nested deeper than {text_document.MAX_DEPTH} levels"
    text_document.fail(file, text_document.TOP, message)


def _limit(text: str, file: str) -> None:
    """Refuse a text that would keep tomllib busy for too long."""
    if len(text) > MAX_CHARACTERS:
        text_document.fail(
            file, text_document.TOP, f"the file has {len(text)} characters; at most {MAX_CHARACTERS} are read"
        )
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > _MAX_DOTS:
            text_document.fail(file, Spot(number, 1), f"this line has more than {_MAX_DOTS} dots")


def _explain(message: str, text: str, file: str) -> None:
    place = _PLACE.match(message)
    if place is None or place["line"] is None:
        spot = text_document.Lines(text).spot(len(text))
    else:
        spot = Spot(int(place["line"]), int(place["column"]))
    problem = place["text"] if place else message
    if (twice := _TWICE.match(problem)) is not None:
        table = ".".join(ast.literal_eval(twice["keys"]))
        text_document.fail(file, spot, f"[{table}] stands twice", "put all its keys under one of them")
    hint = 'put text into double quotes: key = "value"' if "Invalid value" in problem else ""
    text_document.fail(file, spot, f"TOML: {problem[:1].lower()}{problem[1:]}", hint)


def _depth(data: Any) -> int:
    """Count the levels of a tree, without recursion."""
    level, depth = [data], 0
    while level:
        depth += 1
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, dict | list)
        ]
    return depth


@dataclass(slots=True)
class _Scan:
    """Walks over valid TOML; `at` is the offset of the next character."""

    text: str
    at: int = 0
    values: dict[Path, Spot] = field(default_factory=dict)
    keys: dict[Path, Spot] = field(default_factory=dict)
    tables: dict[Path, int] = field(default_factory=dict)
    lines: text_document.Lines = field(init=False)

    def __post_init__(self) -> None:
        self.lines = text_document.Lines(self.text)

    def document(self) -> None:
        """Note the positions of all keys and values."""
        self.values[()] = text_document.TOP
        table: Path = ()
        while self._blank():
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _blank(self) -> bool:
        blank = _BLANK.match(self.text, self.at)
        self.at = blank.end() if blank else self.at
        return self.at < len(self.text)

    def _spot(self) -> Spot:
        return self.lines.spot(self.at)

    def _header(self) -> Path:
        spot = self._spot()
        several = self.text.startswith("[[", self.at)
        self.at += 2 if several else 1
        key_spot, parts = self._key()
        self.at = self.text.index("]", self.at) + (2 if several else 1)
        path = self._entered(parts[:-1], key_spot)
        last = (*path, parts[-1])
        self.keys.setdefault(last, key_spot)
        if several:
            self.values.setdefault(last, spot)
            self.tables[last] = self.tables.get(last, -1) + 1
            last = (*last, self.tables[last])
        self.values.setdefault(last, spot)
        return last

    def _entered(self, parts: tuple[str, ...], spot: Spot, path: Path = ()) -> Path:
        """Follow a dotted key into tables. For an array of tables, it means the latest one."""
        for part in parts:
            path = (*path, part)
            self.keys.setdefault(path, spot)
            self.values.setdefault(path, spot)
            if path in self.tables:
                path = (*path, self.tables[path])
        return path

    def _key(self) -> tuple[Spot, tuple[str, ...]]:
        """Read a dotted key."""
        parts: list[str] = []
        self._blank()
        spot = self._spot()
        while True:
            part = _STRING.match(self.text, self.at) or _BARE_KEY.match(self.text, self.at)
            if part is None:
                return spot, tuple(parts) or ("",)
            parts.append(_key_text(part.group()))
            self.at = part.end()
            self._blank()
            if not self.text.startswith(".", self.at):
                return spot, tuple(parts)
            self.at += 1
            self._blank()

    def _pair(self, table: Path) -> None:
        """Scan `key = value`."""
        spot, parts = self._key()
        path = (*self._entered(parts[:-1], spot, table), parts[-1])
        self.keys.setdefault(path, spot)
        self.at = self.text.find("=", self.at) + 1 or len(self.text)
        self._value(path)

    def _value(self, path: Path) -> None:
        if not self._blank():
            return
        self.values.setdefault(path, self._spot())
        first = self.text[self.at]
        if first in "[{":
            self._nested(path, "]" if first == "[" else "}")
            return
        value = _STRING.match(self.text, self.at) or _BARE_VALUE.match(self.text, self.at)
        self.at = value.end() if value else self.at + 1

    def _nested(self, path: Path, end: str) -> None:
        """Scan an array or an inline table up to its end."""
        self.at += 1
        index = 0
        while self._blank():
            if self.text[self.at] == end:
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
            elif end == "]":
                self._value((*path, index))
                index += 1
            else:
                self._pair(path)


def _key_text(written: str) -> str:
    if written[0] == "'":
        return written[1:-1]
    return next(iter(tomllib.loads(f"{written} = 0"))) if written[0] == '"' else written
