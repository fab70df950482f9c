"""Where a Markdown text has its headings, tables, lists and front matter, as a parser has found them.

`formats.scenario.playbook` finds them: a line that looks like a heading may be code, and an underlined one
looks like none. Lines count from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """A heading outside lists and quotes. line: its first; level: 1 to 6."""

    line: int
    level: int
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A table or a list outside other blocks, from its first to its last line."""

    kind: Literal["table", "list"]
    first: int
    last: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A scalar in the front matter. column: where its value begins, from 0; date: ISO 8601, where it is one.

    last: the last line of its value
    """

    line: int
    column: int
    last: int
    date: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """The parts of a text. front_end: the line that closes the front matter; 0: there is none, or no YAML."""

    headings: tuple[Heading, ...] = ()
    blocks: tuple[Block, ...] = ()
    front_end: int = 0
    front: Mapping[str, Setting] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Present:
    """A playbook's text as it is now, and what finds its parts."""

    text: str
    parse: Callable[[str], Outline]

    def with_text(self, text: str) -> Present:
        """Give another text, with its own parts."""
        return Present(text=text, parse=self.parse)
