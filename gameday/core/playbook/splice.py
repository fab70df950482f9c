"""Edits of a Markdown text, line by line: everything that an edit does not touch stays byte for byte.

Any line ends will do. Of Markdown only front matter, headings and code fences are parsed.

Each line that is put in carries a comment that names it (`mark`). A line that is there already is
replaced in place or left alone, so that applying the same edits twice changes nothing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

_LINES = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_FENCE = re.compile(r"[\s>]*(?:(?:[-*+]|\d+[.)])\s+)?(`{3,}|~{3,})(.*)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchor:
    """A line by its number, from 1, and its words, which find it again when lines have moved."""

    line: int
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SetFront:
    """Set a date in the front matter, where there is one; an older date never replaces a newer."""

    key: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InsertAfter:
    """Put a line after an anchor. `replace`: renew it where its mark is there already."""

    mark: str
    line: str
    anchor: Anchor
    replace: bool = True


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


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Apply edits to a text, in its own line ends."""
    lines = split(text)
    newline = next((end for line in lines if (end := _end_of(line))), "\n")
    for edit in _ordered(edits):
        match edit:
            case SetFront():
                _set_front(lines, edit)
            case InsertAfter():
                if not _renewed(lines, edit.mark, edit.line, replace=edit.replace):
                    _insert(lines, _find(lines, edit.anchor), (edit.line,), newline)
            case InSection():
                if not _renewed(lines, edit.mark, edit.line, replace=True):
                    _in_section(lines, edit, newline)
            case _:
                assert_never(edit)
    return "".join(lines)


def _ordered(edits: Iterable[Edit]) -> Iterator[Edit]:
    """Put edits that rely on line numbers first, from the end, so that none moves another's anchor.

    Of two after one line the later is put in first, so that the earlier follows the line directly.
    """
    all_ = list(edits)
    anchored = [edit for edit in reversed(all_) if isinstance(edit, InsertAfter)]
    yield from sorted(anchored, key=lambda edit: -edit.anchor.line)
    yield from (edit for edit in all_ if isinstance(edit, InSection))
    yield from (edit for edit in all_ if isinstance(edit, SetFront))


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


def _renewed(lines: list[str], mark: str, line: str, *, replace: bool) -> bool:
    """Give whether the text has the mark already; with `replace`, renew its line."""
    for index, old in enumerate(lines):
        if mark in old:
            if replace:
                # The indentation is the people's: they may have moved the line into a list.
                indent = old[: len(old) - len(old.lstrip())]
                lines[index] = indent + line.lstrip() + _end_of(old)
            return True
    return False


def _insert(lines: list[str], index: int, new: Sequence[str], newline: str) -> None:
    if index and not _end_of(lines[index - 1]):
        # The last line of a file may have no end; what follows would be joined to it.
        lines[index - 1] += newline
    lines[index:index] = [line + newline for line in new]


def _find(lines: Sequence[str], anchor: Anchor) -> int:
    """Find the index after an anchor: after the nearest line with its words, else the end."""
    # By its words: people may have edited the playbook since the drill was planned.
    same = [number for number, line in enumerate(lines, start=1) if bare(line) == anchor.words]
    return min(same, key=lambda number: (abs(number - anchor.line), number), default=len(lines))


def _front(lines: Sequence[str]) -> int:
    """Give the index of the line that closes the front matter; 0 without front matter."""
    if not lines or bare(lines[0]).rstrip() != "---":
        return 0
    return next((i for i, line in enumerate(lines) if i and bare(line).rstrip() == "---"), 0)


def _set_front(lines: list[str], edit: SetFront) -> None:
    close = _front(lines)
    if not close:
        return
    pattern = re.compile(rf"({re.escape(edit.key)}:[ \t]*)([^#\r\n]*?)([ \t]+#[^\r\n]*|[ \t]*)$")
    for index in range(1, close):
        setting = pattern.match(bare(lines[index]))
        if setting:
            # ISO dates compare as text.
            if setting.group(2).strip("\"'") < edit.value:
                start = setting.group(1) if setting.group(1).endswith((" ", "\t")) else f"{edit.key}: "
                lines[index] = start + edit.value + setting.group(3) + _end_of(lines[index])
            return
    lines.insert(close, f"{edit.key}: {edit.value}{_end_of(lines[0])}")


def _headings(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Give (index, level, words) of each heading outside front matter and code."""
    fence = ""
    for index in range(_front(lines) + 1 if _front(lines) else 0, len(lines)):
        line = bare(lines[index])
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark.group(1)
        elif fence:
            closes = mark and mark.group(1).startswith(fence) and not mark.group(2).strip()
            fence = "" if closes else fence
        elif heading := _HEADING.match(line):
            yield index, len(heading.group(1)), (heading.group(2) or "").strip()


def _in_section(lines: list[str], edit: InSection, newline: str) -> None:
    headings = list(_headings(lines))
    own = next((h for h in headings if h[2].lower() == edit.section.lower()), None)
    if own is None:
        room = [""] if lines and bare(lines[-1]).strip() else []
        _insert(lines, len(lines), [*room, f"## {edit.section}", "", *edit.head, edit.line], newline)
        return
    end = next((index for index, level, _ in headings if index > own[0] and level <= own[1]), len(lines))
    while end > own[0] + 1 and not bare(lines[end - 1]).strip():
        end -= 1
    last = _last_like(lines, own[0] + 1, end, edit.line[0])
    if last is not None:
        _insert(lines, last + 1, [edit.line], newline)
    else:
        _insert(lines, end, ["", *edit.head, edit.line], newline)


def _last_like(lines: Sequence[str], start: int, end: int, sign: str) -> int | None:
    """Find the last line of the section's last table or list, by its first sign."""
    return next((i for i in range(end - 1, start - 1, -1) if lines[i].startswith(sign)), None)
