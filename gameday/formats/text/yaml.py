"""YAML -> a `Document`, from the parser's events alone: no tag ever constructs an object.

Keys are texts, as they are written. Our own files are YAML 1.2, where `on`, `no` and `1:30` are texts. Chaos
Toolkit reads experiments with PyYAML, which is YAML 1.1: there they are true, false and 90. With `legacy` a
plain word is read as PyYAML reads it, and a warning says so wherever the two differ.

Sources: YAML 1.2.2 §10.3.2 (core schema), PyYAML's resolver.py for 1.1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from gameday.core.errors import InvalidFiles, Mistake
from gameday.formats.text import document
from gameday.formats.text.document import Document, Path, Spot

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE, _FALSE = {"true", "True", "TRUE"}, {"false", "False", "FALSE"}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

_OLD_TRUE, _OLD_FALSE = {"yes", "on"}, {"no", "off"}
_OLD_INT = re.compile(r"[-+]?(?:0b[01_]+|0[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)")
_OLD_FLOAT = re.compile(r"(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?")
_OLD_SIXTY = re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*")
_OLD_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d.*")

_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")}
_STR = "tag:yaml.org,2002:str"


@dataclass(slots=True)
class _Open:
    """A mapping or sequence that has not ended yet. `key`: the mapping's key that waits for its value."""

    value: dict[str, Any] | list[Any]
    path: Path
    anchor: str | None
    size: int = 1
    depth: int = 1
    key: str | None = None
    written: dict[str, Spot] = field(default_factory=dict)
    merged: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: Any
    size: int
    depth: int


@dataclass(slots=True)
class _Builder:
    file: str
    legacy: bool
    values: dict[Path, Spot] = field(default_factory=dict)
    keys: dict[Path, Spot] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, _Anchored] = field(default_factory=dict)
    data: Any = None
    documents: int = 0
    count: int = 0

    def take(self, event: Event) -> None:
        """Process the next event of the parser."""
        match event:
            case DocumentStartEvent():
                self._document(event)
            case MappingStartEvent() | SequenceStartEvent():
                self._start(event)
            case MappingEndEvent() | SequenceEndEvent():
                self._end()
            case AliasEvent():
                self._alias(event)
            case ScalarEvent():
                self._scalar(event)
            case _:
                pass

    def _document(self, event: Event) -> None:
        self.documents += 1
        if self.documents > 1:
            document.fail(
                self.file, _spot(event), "a second document begins here", "write one document in a file"
            )

    def _start(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        path = self._path_of(event)
        self._tag(event)
        if len(self.open) >= document.MAX_DEPTH:
            self._too_deep(event)
        self._count_values(1, event)
        value: dict[str, Any] | list[Any] = {} if isinstance(event, MappingStartEvent) else []
        self.open.append(_Open(value, path, event.anchor))

    def _too_deep(self, event: Event) -> NoReturn:
        message = f"values are nested deeper than {document.MAX_DEPTH} levels"
        document.fail(self.file, _spot(event), message)

    def _end(self) -> None:
        done = self.open.pop()
        if isinstance(done.value, dict):
            for name, value in done.merged.items():
                # At the end: a mapping's own keys count before merged ones, wherever `<<` stands.
                done.value.setdefault(name, value)
        if done.anchor:
            self.anchors[done.anchor] = _Anchored(done.value, done.size, done.depth)
        self._put(done.value, done.size, done.depth)

    def _alias(self, event: AliasEvent) -> None:
        self._path_of(event)
        # Its value is not complete yet: the tree would be endless.
        if any(value.anchor == event.anchor for value in self.open):
            document.fail(self.file, _spot(event), f"'*{event.anchor}' contains itself")
        anchored = self.anchors.get(event.anchor)
        if anchored is None:
            hint = document.suggest(event.anchor, self.anchors) or "put text that begins with * into quotes"
            document.fail(self.file, _spot(event), f"there is no anchor '&{event.anchor}' before this", hint)
        if len(self.open) + anchored.depth > document.MAX_DEPTH:
            self._too_deep(event)
        # With all that it repeats: a few nested aliases can stand for billions of values.
        self._count_values(anchored.size, event)
        self._put(anchored.value, anchored.size, anchored.depth)

    def _scalar(self, event: ScalarEvent) -> None:
        inside = self.open[-1] if self.open else None
        if inside is not None and isinstance(inside.value, dict) and inside.key is None:
            self._key(event, inside)
            return
        self._path_of(event)
        self._tag(event)
        self._count_values(1, event)
        value = self._resolved(event)
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(value, 1, 0)
        self._put(value, 1, 0)

    def _key(self, event: ScalarEvent, inside: _Open) -> None:
        """Take a scalar as the key of the next value. A key that is written twice is a mistake."""
        self._tag(event)
        name = str(event.value)
        inside.key = name
        path = (*inside.path, name)
        # Several `<<` in one mapping are allowed; in quotes it is an ordinary key.
        if name == "<<" and _plain(event):
            return
        if self.legacy and _plain(event):
            self._differs(event, name)
        first = inside.written.setdefault(name, _spot(event))
        if first != _spot(event):
            self._mistake(event, f"'{name}' is written twice", f"it is first on line {first.line}; keep one")
        self.keys.setdefault(path, first)

    def _path_of(self, event: Event) -> Path:
        """Give the path of the value that begins with an event, and note its position."""
        if not self.open:
            path: Path = ()
        else:
            inside = self.open[-1]
            if isinstance(inside.value, list):
                path = (*inside.path, len(inside.value))
            elif inside.key is None:
                document.fail(self.file, _spot(event), "a key must be text", "put it into quotes")
            else:
                path = (*inside.path, inside.key)
        self.values.setdefault(path, _spot(event))
        return path

    def _put(self, value: Any, size: int, depth: int) -> None:
        if not self.open:
            self.data = value
            return
        inside = self.open[-1]
        inside.size += size
        inside.depth = max(inside.depth, depth + 1)
        if isinstance(inside.value, list):
            inside.value.append(value)
            return
        key, inside.key = inside.key, None
        if key == "<<" and _mergeable(value):
            for merged in value if isinstance(value, list) else [value]:
                for name, entry in merged.items():
                    # Of several merged mappings the first counts (YAML's merge key).
                    inside.merged.setdefault(name, entry)
        elif key is not None:
            # Of a key that is written twice the first counts, as its position does.
            inside.value.setdefault(key, value)

    def _count_values(self, size: int, event: Event) -> None:
        self.count += size
        if self.count > document.MAX_VALUES:
            message = f"the file holds more than {document.MAX_VALUES} values, aliases included"
            document.fail(self.file, _spot(event), message)

    def _tag(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> None:
        tag = str(event.ctag or "")
        if tag and tag != "!" and tag not in _TAGS:
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            document.fail(
                self.file, _spot(event), f"the tag '{shown}' is not supported", "write the plain value"
            )

    def _resolved(self, event: ScalarEvent) -> Any:
        text = str(event.value)
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            document.fail(self.file, _spot(event), "half of a surrogate pair is not a character")
        if not _plain(event):
            return text
        try:
            value = _modern(text)
            if self.legacy:
                self._differs(event, value)
                value = _legacy(text)
        except ValueError as error:
            document.fail(self.file, _spot(event), document.number_problem(error))
        return value

    def _differs(self, event: ScalarEvent, value: Any) -> None:
        """Warn of a plain word that Chaos Toolkit reads as something other than it seems."""
        old = _legacy(str(event.value))
        trap = old != value and not (isinstance(value, str) and isinstance(old, str))
        if trap or _OLD_DATE.fullmatch(str(event.value)):
            read_as = "a date" if _OLD_DATE.fullmatch(str(event.value)) else json.dumps(old)
            self._mistake(
                event,
                f"Chaos Toolkit reads the bare word {event.value} as {read_as}",
                f"write '{event.value}' in quotes if you mean the text, else {read_as}",
                warning=True,
            )

    def _mistake(self, event: Event, message: str, hint: str, *, warning: bool = False) -> None:
        spot = _spot(event)
        self.mistakes.append(
            Mistake(
                file=self.file,
                line=spot.line,
                column=spot.column,
                message=message,
                hint=hint,
                warning=warning,
            )
        )


def read(text: str, file: str, *, legacy: bool = False) -> Document:
    """Read one YAML document; `legacy`: as YAML 1.1. Raises InvalidFiles."""
    builder = _Builder(file, legacy)
    for event in _events(text, file):
        builder.take(event)
    return Document(
        file=file,
        data=builder.data,
        values=builder.values,
        keys=builder.keys,
        mistakes=tuple(builder.mistakes),
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _events(text: str, file: str) -> Iterator[Event]:
    try:
        # pure: with the C parser, messages would depend on what is installed. Events only: nothing is
        # constructed.
        yield from YAML(typ="safe", pure=True).parse(text)
    except InvalidFiles:
        raise
    except ReaderError as error:
        spot = document.Lines(text).spot(error.position)
        document.fail(file, spot, f"the character U+{_code(error.character):04X} is not allowed in YAML")
    except MarkedYAMLError as error:
        _explain(error, file)
    except (
        YAMLError,
        ValueError,
        OverflowError,
    ) as error:  # ruamel, for odd directives and escapes
        document.fail(file, document.TOP, f"this is not YAML: {error}")


def _code(character: str | int) -> int:
    return ord(character) if isinstance(character, str) else character


def _explain(error: MarkedYAMLError, file: str) -> None:
    mark = error.problem_mark or error.context_mark
    spot = Spot(mark.line + 1, mark.column + 1) if mark else document.TOP
    problem = str(error.problem or error.context or "it can't be read")
    message, hint = _PLAINER.get(problem, (problem, ""))
    if "'\\t'" in problem:
        message, hint = "a tab is not allowed here", "indent YAML with spaces"
    elif "that cannot start any token" in problem:
        hint = "put text that begins with this character into quotes"
    elif not hint and error.context_mark and error.context:
        hint = f"{error.context}, from line {error.context_mark.line + 1}"
    document.fail(file, spot, f"YAML: {message}", hint)


_PLAINER = {
    "mapping values are not allowed here": (
        "a ':' is not allowed here",
        "indent the keys of one mapping alike, and put text with ': ' into quotes",
    ),
    "could not find expected ':'": ("a ':' is missing after the key before this", "write KEY: VALUE"),
}


def _spot(event: Event) -> Spot:
    return Spot(event.start_mark.line + 1, event.start_mark.column + 1)


def _plain(event: ScalarEvent) -> bool:
    """Check that a scalar has neither quotes nor a tag that makes it text."""
    return not event.style and (not event.ctag or (str(event.ctag) != _STR and str(event.ctag) != "!"))


def _mergeable(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and all(isinstance(entry, dict) for entry in value)
    )


def _modern(text: str) -> Any:
    """Resolve a plain scalar by YAML 1.2's core schema."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text):
        # Base 10: with 0 Python refuses the leading zeros that YAML 1.2 allows.
        return int(text, 10) if text[:2] not in ("0o", "0x") else int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return float(text.lower().replace(".", "")) if _INFINITE.fullmatch(text) else text


def _legacy(text: str) -> Any:
    """Resolve a plain scalar as PyYAML does; dates stay text."""
    small = text.lower() if text in (text.lower(), text.upper(), text.capitalize()) else text
    if small in _OLD_TRUE or small in _OLD_FALSE:
        return small in _OLD_TRUE
    # Before integers: 1:30 is 90 for PyYAML.
    if _OLD_SIXTY.fullmatch(text):
        return _sixty(text)
    if _OLD_INT.fullmatch(text):
        return _old_int(text.replace("_", ""))
    if _OLD_FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    modern = _modern(text)
    # What only YAML 1.2 calls a number (1e5, 0o7) is text for PyYAML.
    return text if _number(modern) and not _INFINITE.fullmatch(text) else modern


def _old_int(text: str) -> int:
    digits = text.lstrip("+-")
    # YAML 1.1 reads a leading 0 as octal.
    base = {"0b": 2, "0x": 16}.get(digits[:2], 8 if digits.startswith("0") and digits != "0" else 10)
    value = int(digits[2:] if base in (2, 16) else digits, base)
    return -value if text.startswith("-") else value


def _sixty(text: str) -> int | float:
    parts = text.lstrip("+-").replace("_", "").split(":")
    values = [float(part) if "." in text else int(part) for part in reversed(parts)]
    value: int | float = sum(part * 60**place for place, part in enumerate(values))
    return -value if text.startswith("-") else value
