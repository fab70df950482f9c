"""Rows for tables in a terminal, and plain aligned text where no table is drawn.

Nothing is coloured or wrapped, and the width of the terminal does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gameday.core import visible
from gameday.core.judging.score import Scorecard, Scored
from gameday.core.postmortem import Postmortem
from gameday.core.values import Instant, Seconds
from gameday.render import words

_ONE_COLUMN = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027✓◐✗○→−≥]*")
"""Texts of which each character takes one column: Latin letters, punctuation, our own signs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TextTable:
    """A head, and rows of as many cells. right: the columns that hold figures."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()

    def text(self) -> str:
        """Write it as aligned lines, without trailing blanks; the empty string without rows."""
        if not self.rows:
            return ""
        lines = [tuple(map(clean, line)) for line in (self.head, *self.rows)]
        widths = [max(width(line[i]) for line in lines) for i in range(len(self.head))]
        return "\n".join(self._line(line, widths) for line in lines) + "\n"

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        padded = []
        for index, cell in enumerate(cells):
            room = " " * (widths[index] - width(cell))
            padded.append(room + cell if index in self.right else cell + room)
        return "  ".join(padded).rstrip()


class TableRow(Protocol):
    """A drill as a store lists it."""

    @property
    def drill(self) -> str: ...
    @property
    def scenario(self) -> str: ...
    @property
    def environment(self) -> str: ...
    @property
    def started(self) -> Instant: ...
    @property
    def closed(self) -> Instant | None: ...
    @property
    def how(self) -> str: ...
    @property
    def imported(self) -> bool: ...


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


def drills(rows: Iterable[TableRow]) -> TextTable:
    """List drills as the store has them."""
    return TextTable(
        head=("Drill", "Scenario", "Environment", "Started", "Took", "Ended"),
        rows=tuple(
            (
                row.drill,
                row.scenario,
                row.environment,
                words.minute(row.started),
                _duration(row.started, row.closed),
                _ended(row),
            )
            for row in rows
        ),
        right=frozenset({4}),
    )


def _ended(row: TableRow) -> str:
    if row.closed is None:
        return "exposed" if row.how else "live"
    return f"{row.how} (imported)" if row.imported and row.how != "imported" else row.how


def _duration(started: Instant, closed: Instant | None) -> str:
    seconds: Seconds | None = None if closed is None else closed - started
    return words.duration(seconds)


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
