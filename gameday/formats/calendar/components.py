"""An iCalendar text -> components with their lines, as they are written; nothing is left out.

icalendar takes lines apart: folds, parameters, quotes. Its own components are not used, because they drop
what they can't read: the first of two BYDAY in a rule, a part without `=`, the zone of a date.

Texts are UTF-8 (with or without a byte order mark), UTF-16 with a mark, else Latin-1: dates and names of
properties are the same in all of them. A line that can't be read is refused wherever it may hold a time.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from icalendar.parser import Contentlines
from icalendar.parser.property import unescape_backslash

_FOLD = re.compile(rb"(?<![\r\n])(?:\r\n|\r|\n)+[ \t]")
_TIMELESS = frozenset({"VALARM", "VTODO", "VJOURNAL"})
"""Components that freeze nothing, so that it does not matter what can't be read in them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line. value: as it is written, escapes included."""

    name: str
    parameters: Mapping[str, str]
    value: str

    @property
    def text(self) -> str:
        """The value as a text, without its escapes."""
        return str(unescape_backslash(self.value)).strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """What lies between BEGIN and END."""

    name: str
    lines: list[Line] = field(default_factory=list)
    inner: list[Component] = field(default_factory=list)

    def all(self, name: str) -> list[Line]:
        """Give the lines with a name and a value."""
        return [line for line in self.lines if line.name == name and line.value.strip()]

    def one(self, name: str) -> Line | None:
        """Give the line with a name. Raises ValueError where there are several."""
        found = self.all(name)
        if len(found) > 1:
            raise ValueError(f"{self.name} has {len(found)} lines {name}")
        return found[0] if found else None

    def text(self, name: str) -> str:
        """Give the text of a line; empty without one."""
        line = self.one(name)
        return line.text if line else ""

    def walk(self, name: str) -> Iterator[Component]:
        """Give the components with a name, at any depth."""
        for component in self.inner:
            if component.name == name:
                yield component
            yield from component.walk(name)


def read(content: bytes) -> list[Component]:
    """Give the calendars of a file. Raises ValueError for what can't be read."""
    file = Component(name="the file")
    open_ones = [file]
    text = _decoded(content).replace("\r\n", "\n").replace("\r", "\n")
    for line in Contentlines.from_ical(text):  # type: ignore[no-untyped-call]
        if not line.strip():
            continue
        try:
            name, parameters, value = line.raw_parts()
        except ValueError as error:
            if any(component.name in _TIMELESS for component in open_ones):
                continue
            raise ValueError(f"the line '{line[:60]}' can't be read: {str(error)[:80]}") from error
        # A group in front of a name (`item1.RDATE`) is an address book's habit.
        plain = name.rpartition(".")[2].upper()
        _take(open_ones, Line(name=plain, parameters=_single(parameters), value=value))
    if len(open_ones) > 1:
        raise ValueError(f"{open_ones[-1].name} has no end: the calendar is incomplete")
    _must_be_calendars(file)
    return file.inner


def _take(open_ones: list[Component], line: Line) -> None:
    if line.name == "BEGIN":
        made = Component(name=line.value.strip().upper())
        open_ones[-1].inner.append(made)
        open_ones.append(made)
    elif line.name == "END":
        if len(open_ones) < 2 or open_ones[-1].name != line.value.strip().upper():
            raise ValueError(f"END:{line.value[:30]} ends nothing that has begun")
        open_ones.pop()
    else:
        open_ones[-1].lines.append(line)


def _single(parameters: Mapping[str, str | list[str]]) -> dict[str, str]:
    """Give parameters by name; several values joined by commas, so that no name or type equals them."""
    return {
        key.upper(): value if isinstance(value, str) else ",".join(value) for key, value in parameters.items()
    }


def _must_be_calendars(file: Component) -> None:
    other = next((component.name for component in file.inner if component.name != "VCALENDAR"), "")
    if other or not file.inner or any(line.name != "X-COMMENT" for line in file.lines):
        raise ValueError("it does not begin and end as a calendar (BEGIN:VCALENDAR, END:VCALENDAR)")


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    # Unfolded first: a fold may lie within a character.
    unfolded = _FOLD.sub(b"", content)
    try:
        return unfolded.decode("utf-8-sig")
    except UnicodeDecodeError:
        return unfolded.decode("latin-1")
