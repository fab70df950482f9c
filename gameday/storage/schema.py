"""The tables' versions: what each adds, and how it is taken back, in words that both databases take.

Comes in: nothing. Goes out: statements; a refusal of a store of another version.
Does not: run them. A new store runs `NEW`; `storage.migrating` takes one step after the other.

A step that was released never changes: what comes later is a further step, with a revision of its own in
`migrations/versions`. So a store that was migrated and a new one can't differ.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday.core.errors import StoreUnavailable
from gameday.storage import schedule_statements, statements


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """From one version to the next, and back; tables are named, so that a person can see what goes."""

    up: tuple[str, ...]
    down: tuple[str, ...]


STEPS = (
    Step(
        up=(*statements.SCHEMA, *schedule_statements.SCHEMA),
        down=(
            "DROP TABLE IF EXISTS places",
            "DROP TABLE IF EXISTS approvals",
            "DROP TABLE IF EXISTS occurrences",
            "DROP TABLE IF EXISTS schedules",
            "DROP TABLE IF EXISTS reverters",
            "DROP TABLE IF EXISTS leases",
            "DROP TABLE IF EXISTS claims",
            "DROP TABLE IF EXISTS load",
            "DROP TABLE IF EXISTS events",
            "DROP TABLE IF EXISTS drills",
        ),
    ),
)
"""The first is from nothing to version 1. The table of the version itself stays for ever."""

VERSION = len(STEPS)
NEW = tuple(statement for step in STEPS for statement in step.up)


def check(version: int, store: str) -> None:
    """Refuse a store of another version. Raises StoreUnavailable."""
    if version == VERSION:
        return
    knows = f"the store {store} has schema {version}; this gameday knows schema {VERSION}"
    newer = "a newer gameday made it: upgrade this one"
    raise StoreUnavailable(knows, hint=newer if version > VERSION else "gameday store migrate brings it on")
