"""Names as scenarios write them, in which `*` stands for any text."""

from __future__ import annotations

import re


def matcher(name: str) -> re.Pattern[str]:
    """Make a pattern of a name: only `*` is special, since the names of requests often hold `[id]`."""
    return re.compile(".*".join(re.escape(part) for part in name.split("*")), re.DOTALL)
