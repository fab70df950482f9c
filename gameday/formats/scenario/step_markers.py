"""The comments `<!-- step: id -->` that name a playbook's steps: where they are, and what is wrong with them.

A marker is a comment of the Markdown: within code, or after a backslash, the same characters are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from gameday.core import playbook
from gameday.core.errors import Mistake
from gameday.core.playbook import splice
from gameday.formats.text.document import Spot

_OPENING = re.compile(r"<!--\s*step\s*:", re.IGNORECASE)
_ID = re.compile(r"[\w.:-]+")
_PLACE = (
    "a step is an item of a numbered list or of a task list (- [ ]); the comment stands after the words of "
    "its first paragraph"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """A comment that names a step. name: as it is written; closed: the comment ends."""

    name: str
    spot: Spot
    closed: bool = True

    @property
    def valid(self) -> bool:
        """Whether its name can be a step's id."""
        return self.closed and _ID.fullmatch(self.name) is not None

    def mistake(self, message: str, hint: str, *, warning: bool = False) -> Mistake:
        """Make a mistake at this comment, in a file that is named later."""
        line, column = self.spot
        return Mistake(file="", line=line, column=column, message=message, hint=hint, warning=warning)


def find(token: Token, lines: Sequence[str]) -> Iterator[Marker]:
    """Find the markers of a paragraph, of a heading or of a block of HTML, in their order."""
    first, last = token.map or (0, 0)
    source = "\n".join(splice.bare(line) for line in lines[first:last])
    places = _OPENING.finditer(source)
    for child in token.children or (token,):
        for opening in _OPENING.finditer(child.content):
            place = next(places, None)
            spot = _spot(source, place.start() if place else 0, first)
            rest = child.content[opening.end() :]
            if child.type in {"html_inline", "html_block"}:
                yield _marker(rest, spot)
            elif child.type == "text" and "-->" not in rest:
                yield Marker(name="", spot=spot, closed=False)


def _spot(source: str, offset: int, first: int) -> Spot:
    line_start = source.rfind("\n", 0, offset) + 1
    return Spot(first + source.count("\n", 0, offset) + 1, offset - line_start + 1)


def _marker(rest: str, spot: Spot) -> Marker:
    """Read what follows an opening. A comment in which the next one begins was left open."""
    name, end, _ = rest.partition("-->")
    return Marker(name=name.strip(), spot=spot, closed=bool(end) and "<!--" not in name)


def of_step(markers: Sequence[Marker]) -> tuple[Marker | None, list[Mistake]]:
    """Give the marker that names a step, of those in its text, and what is wrong with the others."""
    named = next((marker for marker in markers if marker.valid), None)
    mistakes = []
    for marker in markers:
        if not marker.valid:
            mistakes.append(_invalid(marker))
        elif marker is not named and named is not None:
            mistakes.append(
                marker.mistake(f"this step is named '{named.name}' already", "one comment names one step")
            )
    return named, mistakes


def of_no_step(markers: Sequence[Marker], *, item: bool) -> list[Mistake]:
    """Give the mistakes of markers that stand at no step; item: within an item of a list."""
    return [
        marker.mistake(f"'{marker.name}' names no step here", _PLACE, warning=not item)
        if marker.valid
        else _invalid(marker)
        for marker in markers
    ]


def repeated(markers: Sequence[Marker]) -> list[Mistake]:
    """Find ids that an earlier step has, or has but for upper and lower case."""
    known: dict[str, Marker] = {}
    mistakes = []
    for marker in markers:
        earlier = known.setdefault(marker.name.casefold(), marker)
        if earlier is marker:
            continue
        hint = f"that one is on line {earlier.spot.line}; give each step its own id"
        if earlier.name == marker.name:
            mistakes.append(marker.mistake(f"there is already a step '{marker.name}'", hint))
        else:
            said = f"'{marker.name}' differs from the step '{earlier.name}' in upper and lower case alone"
            mistakes.append(marker.mistake(said, hint, warning=True))
    return mistakes


def _invalid(marker: Marker) -> Mistake:
    if not marker.closed:
        return marker.mistake("this comment does not end", "end it with -->")
    message = f"'{marker.name}' can't be the id of a step" if marker.name else "the id of this step is empty"
    example = playbook.slug(marker.name) if marker.name else "find-the-cause"
    hint = f"write letters, digits, '.', '_', ':' and '-', without blanks, such as {example}"
    return marker.mistake(message, hint)
