"""Tables and ratios for the measurements."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value below which a share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, text to the left and figures to the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    print(f"\n{title}\n")
    for row in (head, ["-" * width for width in widths], *rows):
        figures = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        print("  ".join((row[0].ljust(widths[0]), *figures)).rstrip())
    print(flush=True)


def paired(one: Sequence[float], other: Sequence[float]) -> float:
    """Give the median of the ratios of pairs, which were measured next to each other."""
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def finish(bounds: Sequence[tuple[str, float, str, float]]) -> None:
    """Print each figure next to its bound (`<=` or `>=`); end with 1 when one is missed."""
    missed = 0
    for name, figure, sign, bound in bounds:
        met = figure <= bound if sign == "<=" else figure >= bound
        missed += not met
        print(f"{'met   ' if met else 'MISSED'}  {name}: {figure:.3g} (bound: {sign} {bound:g})")
    sys.exit(1 if missed else 0)
