"""Edits of a Markdown text, line by line: everything that an edit does not touch stays byte for byte.

Any line ends will do. Where headings, tables, lists and front matter are, an `Outline` of the same text says.

Each line that is put in carries a comment that names it (`mark`). A line that is there already is
replaced in place or left alone, so that applying the same edits twice changes nothing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from gameday.core.playbook.outline import Outline

_LINES = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_VALUE = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^#]*?)([ \t]+#.*|[ \t]*)$""")
"""The value of a setting on its line, in quotes or not; the group is the comment after it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchor:
    """A line by its number, from 1, and its words, which find it again when lines have moved."""

    line: int
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SetFront:
    """Set a date in the front matter, where there is one; an older date never replaces a newer.

    What is there and is no date, such as `never`, is replaced.
    """

    key: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InsertAfter:
    """Put a line after an anchor, or before it. replace: renew it where its mark is there already."""

    mark: str
    line: str
    anchor: Anchor
    replace: bool = True
    before: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class InSection:
    """Put a line at the end of a section, made at the end of the text where it is missing.

    head  lines that come before the first one: a table's head and rule; empty for a list
    """

    mark: str
    line: str
    section: str
    head: tuple[str, ...] = ()


Edit = SetFront | InsertAfter | InSection


def edited(text: str, edits: Iterable[Edit], outline: Outline) -> str:
    """Apply edits to a text, in its own line ends. outline: of this text."""
    lines = split(text)
    newline = next((end for line in lines if (end := _end_of(line))), "\n")
    page = _Page(lines=lines, outline=outline)
    for edit in edits:
        match edit:
            case SetFront():
                page.set_front(edit)
            case InsertAfter():
                if not page.renewed(edit.mark, edit.line, replace=edit.replace):
                    page.put(_find(lines, edit.anchor) - (1 if edit.before else 0), edit.line)
            case InSection():
                if not page.renewed(edit.mark, edit.line, replace=True):
                    page.put_in_section(edit)
            case _:
                assert_never(edit)
    return "".join(page.text(newline))


def split(text: str) -> list[str]:
    """Split a text into lines with their ends, as Markdown counts lines."""
    return _LINES.findall(text)


def bare(line: str) -> str:
    """Give a line without its end."""
    return line.rstrip("\r\n")


def patch(path: str, old: str, new: str) -> str:
    """Write a unified diff that `git apply` and `patch -p1` take; empty where nothing changes.

    Diffs know only line feeds as line ends, so a carriage return stays part of its line.
    """
    # As git does it: a tab ends a file name with spaces in it.
    tab = "\t" if " " in path else ""
    diff = difflib.unified_diff(
        _by_feed(old),
        _by_feed(new),
        fromfile=f"a/{path}{tab}",
        tofile=f"b/{path}{tab}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in diff
    )


def _by_feed(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _end_of(line: str) -> str:
    return line[len(bare(line)) :]


def _find(lines: Sequence[str], anchor: Anchor) -> int:
    """Find the index after an anchor: after the nearest line with its words, else the end."""
    # By its words: people may have edited the playbook since the drill was planned.
    same = [number for number, line in enumerate(lines, start=1) if bare(line) == anchor.words]
    return min(same, key=lambda number: (abs(number - anchor.line), number), default=len(lines))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    """A text that is being edited. Its lines keep their numbers: what is put in is kept apart.

    put_in  new lines, without ends, by the index of the line before which they come
    """

    lines: list[str]
    outline: Outline
    put_in: dict[int, list[str]] = field(default_factory=dict)
    begun: dict[str, int] = field(default_factory=dict)

    def put(self, index: int, *new: str) -> None:
        """Put lines before a line; after those that were put there already."""
        self.put_in.setdefault(max(index, 0), []).extend(new)

    def renewed(self, mark: str, line: str, *, replace: bool) -> bool:
        """Give whether the text has the mark already; with `replace`, renew its line."""
        for index, old in enumerate(self.lines):
            if mark in old:
                if replace:
                    # The indentation is the people's: they may have moved the line into a list.
                    indent = old[: len(old) - len(old.lstrip())]
                    self.lines[index] = indent + line.lstrip() + _end_of(old)
                return True
        return False

    def set_front(self, edit: SetFront) -> None:
        close, setting = self.outline.front_end, self.outline.front.get(edit.key)
        if not close:
            return
        if setting is None:
            self.put(close - 1, f"{edit.key}: {edit.value}")
        elif setting.date < edit.value:  # ISO dates compare as text; no date is empty
            old = self.lines[setting.line - 1]
            rest = _VALUE.fullmatch(bare(old)[setting.column :])
            begin = bare(old)[: setting.column].rstrip()
            comment = rest.group(1).rstrip() if rest else ""
            self.lines[setting.line - 1] = f"{begin} {edit.value}{comment}{_end_of(old)}"
            self.lines[setting.line : setting.last] = [""] * (setting.last - setting.line)

    def put_in_section(self, edit: InSection) -> None:
        name = edit.section.lower()
        if name in self.begun:
            self.put(self.begun[name], edit.line)
            return
        first, own, whole = self._section(name)
        if not first:
            self.begun[name] = len(self.lines)
            room = [""] if self._ends_in_words() else []
            self.put(len(self.lines), *room, f"## {edit.section}", "", *edit.head, edit.line)
            return
        last = self._last_block("table" if edit.line.startswith("|") else "list", first, own, whole)
        if last is None:
            last = self._filled(first, own)
            self.put(last, "", *edit.head)
        self.begun[name] = last
        self.put(last, edit.line)

    def _section(self, name: str) -> tuple[int, int, int]:
        """Give a section's first line, the last before its subsections, and its last; without it, zeros."""
        headings = self.outline.headings
        for number, heading in enumerate(headings):
            if heading.words.lower() == name:
                rest = headings[number + 1 :]
                own = next((each.line for each in rest), len(self.lines) + 1)
                whole = next((each.line for each in rest if each.level <= heading.level), len(self.lines) + 1)
                return heading.line, own - 1, whole - 1
        return 0, 0, 0

    def _last_block(self, kind: str, first: int, own: int, whole: int) -> int | None:
        """Give the last line of a section's last table or list; one above its subsections goes first."""
        inside = [each.last for each in self.outline.blocks if each.kind == kind and each.first > first]
        above = [last for last in inside if last <= own]
        return max(above or [last for last in inside if last <= whole], default=None)

    def _filled(self, first: int, last: int) -> int:
        """Give the last line that is not blank."""
        while last > first and not bare(self.lines[last - 1]).strip():
            last -= 1
        return last

    def _ends_in_words(self) -> bool:
        put = self.put_in.get(len(self.lines))
        return bool(put or (self.lines and bare(self.lines[-1]).strip()))

    def text(self, newline: str) -> Iterator[str]:
        """Give all lines with their ends."""
        for index, line in enumerate([*self.lines, ""]):
            for new in self.put_in.get(index, []):
                yield new + newline
            # The last line of a file may have no end; what follows would be joined to it.
            joined = line and not _end_of(line) and self.put_in.get(len(self.lines))
            yield line + newline if joined else line
