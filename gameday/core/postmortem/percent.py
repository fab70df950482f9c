"""How shares are written wherever people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def share(value: float) -> str:
    """Write a fraction in percent, never rounded up to 100 nor down to 0."""
    if 0.99 < value < 1.0:
        return f"{math.floor(value * 1000) / 10:.1f} %"
    if 0.0 < value < 0.01:
        return f"{max(0.1, value * 100):.1f} %"
    return f"{value * 100:.0f} %"


def apportioned(shares: Sequence[float]) -> tuple[str, ...]:
    """Write shares of one whole in percent so that they add up, by the largest remainder.

    A part that is something is never written as nothing, nor as all of it.
    """
    units = [share * 100 for share in shares]
    whole = [math.floor(unit + 1e-9) for unit in units]
    missing = round(sum(units)) - sum(whole)
    for index in sorted(range(len(units)), key=lambda i: (whole[i] - units[i], i))[: max(0, missing)]:
        whole[index] += 1
    return tuple(_apportioned(number, unit, units) for number, unit in zip(whole, units, strict=True))


def _apportioned(number: int, unit: float, units: Sequence[float]) -> str:
    if number == 0 and unit > 0:
        return "<1 %"
    others = sum(each > 0 for each in units) > 1
    return ">99 %" if number == 100 and others else f"{number} %"
