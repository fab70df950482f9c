"""Rows for tables in a terminal, and plain aligned text where no table is drawn.

Comes in: drills, a scorecard, a postmortem. Goes out: a `TextTable` of strings.
Does not: colour, wrap or know how wide the terminal is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gameday.core.judging.score import Scorecard
from gameday.core.postmortem import Postmortem
from gameday.core.values import Instant, Seconds
from gameday.render import words

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


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


def clean(text: str) -> str:
    """Take out what would steer a terminal; the text stays on one line."""
    return _CONTROL.sub(" ", text).strip()


def width(text: str) -> int:
    """Count the columns that a text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def drills(rows: Iterable[TableRow]) -> TextTable:
    """List drills as the store holds them."""
    return TextTable(
        head=("Drill", "Scenario", "Environment", "Started", "Took", "Ended"),
        rows=tuple(
            (
                row.drill,
                row.scenario,
                row.environment,
                words.minute(row.started),
                _took(row.started, row.closed),
                row.how if row.closed is not None else "exposed" if row.how else "live",
            )
            for row in rows
        ),
        right=frozenset({4}),
    )


def _took(started: Instant, closed: Instant | None) -> str:
    took: Seconds | None = None if closed is None else closed - started
    return words.duration(took)


def criteria(score: Scorecard) -> TextTable:
    """List each criterion with what every point given or withheld rests on."""
    return TextTable(
        head=("", "Criterion", "Phase", "Points", "Figure", "Rule"),
        rows=tuple(
            (
                f"{words.VERDICT_MARKS[one.verdict]} {one.verdict}",
                one.criterion,
                one.phase,
                f"{words.NONE if one.share is None else f'{one.share * one.weight:.1f}'} of {one.weight:g}",
                one.figure or one.why or words.NONE,
                one.rule,
            )
            for one in score.criteria
        ),
        right=frozenset({3}),
    )


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
