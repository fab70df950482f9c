"""Rows for tables in a terminal, and plain aligned text where no table is drawn.

Nothing is coloured. Where a width is given, texts wrap within their columns, so that lines fit into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gameday.core import visible
from gameday.render import words

if TYPE_CHECKING:  # `gameday list` loads neither the judge nor the postmortem
    from gameday.core.judging.score import Scorecard, Scored
    from gameday.core.postmortem import Postmortem

_ONE_COLUMN = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027✓◐✗○→−≥]*")
"""Texts of which each character takes one column: Latin letters, punctuation, our own signs."""


GAP = "  "
"""What is between two columns."""
NARROWEST = 6
"""The columns below which no text is wrapped further."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TextTable:
    """A head, and rows of as many cells. right: the columns that hold figures."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()

    def text(self, columns: int | None = None) -> str:
        """Write it as aligned lines, without trailing blanks; the empty string without rows.

        columns: the most that a line may take, as far as every column keeps NARROWEST; None: as it comes.
        """
        if not self.rows:
            return ""
        lines = [tuple(map(clean, line)) for line in (self.head, *self.rows)]
        widths = [max(width(line[i]) for line in lines) for i in range(len(self.head))]
        if columns is not None and sum(widths) + len(GAP) * (len(widths) - 1) > columns:
            widths = _narrowed(widths, columns - len(GAP) * (len(widths) - 1))
            lines = [part for line in lines for part in _wrapped(line, widths)]
        return "\n".join(self._line(line, widths) for line in lines) + "\n"

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        padded = []
        for index, cell in enumerate(cells):
            room = " " * (widths[index] - width(cell))
            padded.append(room + cell if index in self.right else cell + room)
        return GAP.join(padded).rstrip()


def _narrowed(widths: Sequence[int], room: int) -> list[int]:
    """Take from the widest columns what is too much, and from none more than leaves NARROWEST."""
    narrowed = list(widths)
    while sum(narrowed) > room and max(narrowed) > NARROWEST:
        narrowed[narrowed.index(max(narrowed))] -= 1
    return narrowed


def _wrapped(cells: Sequence[str], widths: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Give a row as lines: each cell wrapped, and filled up with empty ones."""
    parts = [_fold(cell, widths[index]) for index, cell in enumerate(cells)]
    for number in range(max(map(len, parts))):
        yield tuple(part[number] if number < len(part) else "" for part in parts)


def _fold(cell: str, most: int) -> list[str]:
    """Break a text into lines of so many columns: at blanks and hyphens, else anywhere."""
    if width(cell) <= most:
        return [cell]
    if _ONE_COLUMN.fullmatch(cell):
        import textwrap  # noqa: PLC0415  # few tables are too wide

        return textwrap.wrap(cell, most) or [""]
    from rich.console import Console  # noqa: PLC0415  # as in `width`
    from rich.text import Text  # noqa: PLC0415

    return [part.plain.rstrip() for part in Text(cell).wrap(Console(width=most), most)] or [""]


def clean(text: str) -> str:
    """Keep a text on one line, with whatever would steer the terminal or hide shown as escapes."""
    return visible.line(text)


def width(text: str) -> int:
    """Count the columns that a text takes in a terminal."""
    if _ONE_COLUMN.fullmatch(text):
        return len(text)
    # rich's tables take some 25 ms to import, which `gameday list` rarely needs
    from rich.cells import cell_len  # noqa: PLC0415

    return cell_len(text)


def criteria(score: Scorecard) -> TextTable:
    """List each criterion with what every point given or withheld rests on."""
    return TextTable(
        head=("", "Criterion", "Phase", "Points", "Figure", "Rule"),
        rows=tuple(
            (
                f"{words.VERDICT_MARKS[scored.verdict]} {scored.verdict}",
                scored.criterion,
                scored.phase,
                f"{_earned(scored)} of {scored.weight:g}",
                scored.figure or scored.why or words.NONE,
                scored.rule,
            )
            for scored in score.criteria
        ),
        right=frozenset({3}),
    )


def _earned(scored: Scored) -> str:
    return words.points(None if scored.share is None else scored.share * scored.weight)


def timeline(pm: Postmortem) -> TextTable:
    """List the timeline: number, time of day in UTC, time since the fault, and what happened."""
    return TextTable(
        head=("#", "UTC", "Since fault", "Who", "What"),
        rows=tuple(
            (
                str(entry.number),
                words.clock(entry.at),
                words.offset(entry.offset) if pm.t0 is not None else words.NONE,
                entry.who,
                " ".join(
                    part
                    for part in (
                        entry.text,
                        f"“{entry.quote}”" if entry.quote else "",
                        f"[{', '.join(entry.milestones)}]" if entry.milestones else "",
                    )
                    if part
                ),
            )
            for entry in pm.timeline
        ),
        right=frozenset({0, 2}),
    )
