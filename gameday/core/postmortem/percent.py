"""How shares are written wherever people read them."""

from __future__ import annotations

import math


def share(value: float) -> str:
    """Write a fraction in percent, never rounded up to 100 nor down to 0."""
    if 0.99 < value < 1.0:
        return f"{math.floor(value * 1000) / 10:.1f} %"
    if 0.0 < value < 0.01:
        return f"{max(0.1, value * 100):.1f} %"
    return f"{value * 100:.0f} %"
