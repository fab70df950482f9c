"""`--phase NAME=DURATION`: other lengths of phases than the scenario's, for one drill.

Comes in: what was typed. Goes out: seconds by phase. Does not: change a file; the drill's frozen scenario
has the lengths that were played.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

from gameday.core.errors import UsageError
from gameday.core.plans.scenario import Phases
from gameday.core.values import Seconds, parse_duration

NAMES = tuple(field.name for field in fields(Phases))


def read(words: Iterable[str]) -> dict[str, Seconds]:
    """Read `baseline=10s` and the like. Raises UsageError for an unknown phase or what is no duration."""
    found: dict[str, Seconds] = {}
    for word in words:
        name, _, length = word.partition("=")
        if name not in NAMES:
            raise UsageError(
                f"--phase: '{name}' is not a phase", hint=f"{', '.join(NAMES)}: --phase baseline=10s"
            )
        try:
            found[name] = parse_duration(length)
        except ValueError as wrong:
            raise UsageError(f"--phase {name}: {wrong}") from wrong
        if not found[name]:
            raise UsageError(f"--phase {name}: a phase of no length shows nothing")
    return found
