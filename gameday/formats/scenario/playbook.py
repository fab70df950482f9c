"""A playbook in Markdown -> `core.plans.scenario.Playbook`: its text unchanged, and the steps in it.

And its outline, for `core.playbook`: headings, tables, lists, and the front matter's values.

A step is an item of an ordered list or of a task list (`- [ ]`). Its id is the one in its comment
`<!-- step: id -->`, else the slug of its text, with `-2` and so on where another step has it. Steps know the
lines of their items, so that `core.playbook` can splice the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from gameday.core import playbook
from gameday.core.errors import InvalidFiles, Mistake
from gameday.core.plans.scenario import Playbook, PlaybookStep
from gameday.core.playbook import splice
from gameday.core.playbook.outline import Block, Heading, Outline, Present, Setting
from gameday.formats.scenario import step_markers
from gameday.formats.scenario.step_markers import Marker
from gameday.formats.text import yaml
from gameday.formats.text.document import Checked, Document

_DATE = re.compile(r"(\d{4})[-/.]?(\d\d)[-/.]?(\d\d)(?!\d)")
_TASK = re.compile(r"\[[ xX]\]\s+")


def read(text: str, path: str = "") -> Playbook:
    """Read a playbook. Any text is a playbook; without lists it has no steps."""
    return _read(text, path)[0]


def check(document: Document) -> Checked[Playbook]:
    """Find every comment that should name a step and doesn't."""
    if document.data is None:
        return Checked(document=document, value=None, mistakes=document.mistakes)
    read, found = _read(document.data, document.file)
    mistakes = tuple(sorted(mistake._replace(file=document.file) for mistake in found))
    valid = all(mistake.warning for mistake in mistakes)
    return Checked(document=document, value=read if valid else None, mistakes=mistakes)


def _read(text: str, path: str) -> tuple[Playbook, list[Mistake]]:
    tokens, walk = _parsed(text), _Walk(lines=splice.split(text))
    walk.over(tokens)
    steps = tuple(_unique(walk.steps))
    mistakes = walk.mistakes + step_markers.repeated([step.marker for step in walk.steps if step.marker])
    return Playbook(path=path, text=text, title=_title(tokens), steps=steps), mistakes


def present(text: str) -> Present:
    """Give a text as `core.playbook` amends it."""
    return Present(text=text, parse=outline)


def outline(text: str) -> Outline:
    """Find the parts of a text. What is within lists and quotes is not looked at."""
    tokens, lines = _parsed(text), splice.split(text)
    end, front = _front(tokens, lines)
    return Outline(
        headings=tuple(_headings(tokens)),
        blocks=tuple(_blocks(tokens, lines)),
        front_end=end,
        front=front,
    )


def _parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").use(front_matter_plugin).enable("table").parse(text)


def _headings(tokens: Sequence[Token]) -> Iterator[Heading]:
    for token, words in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            yield Heading(line=token.map[0] + 1, level=int(token.tag[1:]), words=_plain(words))


def _blocks(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[Block]:
    for token in tokens:
        if token.level or not token.map or token.type not in {"table_open", "bullet_list_open"}:
            continue
        first, last = token.map[0] + 1, _filled(lines, token.map[0] + 1, token.map[1])
        yield Block(kind="table" if token.type == "table_open" else "list", first=first, last=last)


# --- front matter ---


def _front(tokens: Sequence[Token], lines: Sequence[str]) -> tuple[int, dict[str, Setting]]:
    """Give the line that closes the front matter, and its scalars; 0 where it is no mapping in YAML."""
    token = tokens[0] if tokens and tokens[0].type == "front_matter" else None
    document = _settings(token) if token else None
    if token is None or token.map is None or document is None:
        return 0, {}
    close, first = token.map[1], token.map[0] + 1
    settings = {}
    for key, value in (document.data or {}).items():
        key_at, value_at = document.key_spot((key,)), document.spot((key,))
        line = first + key_at.line
        colon = splice.bare(lines[line - 1]).find(":", key_at.column - 1 + len(key)) + 1
        here = value_at.line == key_at.line and value_at.column > colon
        settings[key] = Setting(
            line=line,
            column=value_at.column - 1 if here else colon,
            last=_last_of_value(lines, line, close),
            date=_date(value),
        )
    return close, settings


def _last_of_value(lines: Sequence[str], line: int, close: int) -> int:
    """Give the last line of a value: what is indented, or an item, goes on with it."""
    while line + 1 < close and lines[line][:1] in {" ", "\t", "-"}:
        line += 1
    return line


def _settings(token: Token) -> Document | None:
    """Read front matter as YAML; None for what is no mapping."""
    try:
        document = yaml.read(token.content.replace("\r\n", "\n").replace("\r", "\n"), "front matter")
    except InvalidFiles:
        return None
    return document if isinstance(document.data, dict) or document.data is None else None


def _date(value: object) -> str:
    """Give the date with which a value begins, in ISO 8601; empty for any other value."""
    found = _DATE.match(str(value)) if isinstance(value, str | int) else None
    try:
        return date(*(int(part) for part in found.groups())).isoformat() if found else ""
    except ValueError:
        return ""


def _title(tokens: Sequence[Token]) -> str:
    for token in tokens[:1]:
        document = _settings(token) if token.type == "front_matter" else None
        named = document.data.get("title") if document and document.data else None
        if isinstance(named, str | int | float) and str(named).strip():
            return " ".join(str(named).split())
    headings = (i for i, t in enumerate(tokens) if t.type == "heading_open")
    return next((_plain(tokens[i + 1]) for i in headings), "")


@dataclass(slots=True)
class _Item:
    """The item of a list that is being read; the item's first inline is a step's text."""

    ordered: bool
    first: int = 0
    last: int = 0
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    """A step, and the comment that names it, if any."""

    step: PlaybookStep
    marker: Marker | None


@dataclass(slots=True)
class _Walk:
    """A walk over the tokens of a text, which gathers its steps, and what is wrong with their names."""

    lines: list[str]
    section: str = ""
    heading: bool = False
    items: list[_Item] = field(default_factory=list)
    steps: list[_Step] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def over(self, tokens: Sequence[Token]) -> None:
        """Walk over all tokens."""
        for token in tokens:
            match token.type:
                case "ordered_list_open" | "bullet_list_open":
                    self.items.append(_Item(ordered=token.type.startswith("ordered")))
                case "ordered_list_close" | "bullet_list_close":
                    self.items.pop()
                case "list_item_open":
                    first, last = token.map or (0, 1)
                    item = self.items[-1]
                    item.first, item.waiting = first + 1, True
                    item.last = _filled(self.lines, first + 1, last)
                case "heading_open" | "heading_close":
                    self.heading = token.type == "heading_open"
                case "inline":
                    self._inline(token)
                case "html_block":
                    self._no_step(token)
                case _:
                    pass

    def _inline(self, token: Token) -> None:
        # A heading within an item of a list begins no section.
        if self.heading and not self.items:
            self.section = _plain(token)
        item = self.items[-1] if self.items and self.items[-1].waiting else None
        if item is not None:
            item.waiting = False
        task = _TASK.match(token.content)
        if item is None or not (item.ordered or task):
            self._no_step(token)
            return
        text = _TASK.sub("", _plain(token), count=1) if task else _plain(token)
        marker, mistakes = step_markers.of_step(list(step_markers.find(token, self.lines)))
        self.mistakes += mistakes
        step = PlaybookStep(
            id=marker.name if marker else playbook.slug(text),
            text=text,
            line=item.first,
            section=self.section,
            text_end=(token.map or (0, item.first))[1],
            end=item.last,
        )
        self.steps.append(_Step(step, marker))

    def _no_step(self, token: Token) -> None:
        found = list(step_markers.find(token, self.lines))
        self.mistakes += step_markers.of_no_step(found, item=bool(self.items))


def _filled(lines: Sequence[str], first: int, last: int) -> int:
    """Give the last line that is not blank."""
    while last > first and not lines[last - 1].strip():
        last -= 1
    return last


def _plain(token: Token) -> str:
    """Give the text of an inline token on one line: without comments and markup, code as it is."""
    return " ".join("".join(_piece(child) for child in token.children or ()).split())


def _piece(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return " "
    return token.content if token.type in ("text", "code_inline") else ""


def _unique(steps: Sequence[_Step]) -> Iterator[PlaybookStep]:
    """Give each step an id of its own. Those that comments name keep theirs."""
    written = {each.step.id for each in steps if each.marker}
    taken: set[str] = set()
    for each in steps:
        name, number = each.step.id, 1
        while name in taken or (not each.marker and name in written):
            number += 1
            name = f"{each.step.id}-{number}"
        taken.add(name)
        yield replace(each.step, id=name)
