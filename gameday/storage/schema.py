"""The versions of the tables: what each adds, and how it is taken back, in SQL that all databases take.

This is the one definition. A new store runs `NEW`, which is all steps; `storage.migrating` lets Alembic
replay the steps that an older store lacks. So a migrated store and a new one can't differ, as long as a step
never changes once it is released: a change is a further step at the end of `STEPS`.
"""

from __future__ import annotations

from typing import NamedTuple

from gameday.core.errors import StoreUnavailable
from gameday.storage import schedule_statements, statements


class Step(NamedTuple):
    """From one version to the next, and back; `down` names each table and column that is dropped.

    adds  it only adds what processes of the version before don't miss: opening a store takes it at once
    """

    up: tuple[str, ...]
    down: tuple[str, ...]
    adds: bool = False


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
    Step(
        up=statements.SIGNATURES,
        down=(
            "ALTER TABLE drills DROP COLUMN imported",
            "ALTER TABLE events DROP COLUMN signature",
            "DROP TABLE IF EXISTS identity",
        ),
        adds=True,
    ),
    Step(
        up=statements.ROLL,
        down=("DROP TABLE IF EXISTS roll_end", "DROP TABLE IF EXISTS roll"),
        adds=True,
    ),
)
"""The first is from nothing to version 1. The table of the version itself is never dropped."""

VERSION = len(STEPS)
NEW = tuple(statement for step in STEPS for statement in step.up)


def missing(version: int) -> tuple[str, ...]:
    """Give the statements that bring a store of an earlier version up to date; 0: a new store."""
    if version >= VERSION:
        return ()
    steps = (statement for step in STEPS[version:] for statement in step.up)
    return (*steps, "DELETE FROM schema_version", statements.set_version(VERSION))


def may_be_updated(version: int) -> bool:
    """Report whether opening a store may take the steps that it lacks; else `gameday store migrate` does."""
    return version < VERSION and only_adds(version, VERSION)


def only_adds(before: int, to: int) -> bool:
    """Report whether a migration leaves a drill in progress alone: its processes miss nothing."""
    return 0 < before <= to and all(step.adds for step in STEPS[before:to])


def check(version: int, store: str) -> None:
    """Refuse a store of another version. Raises StoreUnavailable."""
    if version == VERSION:
        return
    knows = f"the store {store} has schema {version}; this gameday knows schema {VERSION}"
    newer = "a newer gameday made it: upgrade this one"
    raise StoreUnavailable(knows, hint=newer if version > VERSION else "gameday store migrate brings it on")
