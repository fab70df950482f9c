"""Where histories and schedules are kept, in a database of any kind that `database.KINDS` lists.

Everything here imports as late as it can: a responder's command that opens a SQLite file must not wait for
SQLAlchemy or for the readers of histories.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gameday.storage import database
from gameday.storage.database import open_executor

__all__ = [
    "LibraryVersion",
    "library_version",
    "migrate",
    "open_executor",
    "open_plain",
    "open_schedules",
    "open_store",
    "preload_schedules",
]

if TYPE_CHECKING:
    from gameday.ports import HistoryStore, ScheduleStore
    from gameday.storage.histories import SqlStore
    from gameday.system.signing_key import SigningKey


def open_store(url: str, artifacts: Path | None = None, key: SigningKey | None = None) -> HistoryStore:
    """Open the store at a URL such as `sqlite:///.gameday/gameday.db`, and make it if it isn't there.

    artifacts: the folder of the drills' folders; with it, what can't be stored is kept there for later,
    and what reverting needs is copied into the user's state folder. key: signs that, by default the user's
    own. Raises UsageError for a URL of another
    kind, StoreUnavailable.
    """
    from gameday.storage.spill import own_copies  # noqa: PLC0415  # as late as it can
    from gameday.storage.spill.spilling_store import SpillingStore  # noqa: PLC0415

    store = open_plain(url, key)
    if artifacts is None:
        return store
    return SpillingStore(store, artifacts, copies=own_copies.copies_of(url, artifacts))


def open_plain(url: str, key: SigningKey | None = None) -> SqlStore:
    """Open the store at a URL, with no folder to fall back on. Raises UsageError, StoreUnavailable."""
    from gameday.storage.histories import SqlStore  # noqa: PLC0415

    executor = open_executor(url)
    return SqlStore(executor) if key is None else SqlStore(executor, key=key)


def open_schedules(url: str, *, create: bool = True) -> ScheduleStore:
    """Open the schedules of the store at a URL. Raises UsageError, StoreUnavailable."""
    from gameday.storage.schedules import SqlScheduleStore  # noqa: PLC0415

    return SqlScheduleStore(open_executor(url, create=create))


def preload_schedules(url: str) -> None:
    """Import now what `open_schedules` would import later: for a process that must be quick later on."""
    database.preload(database.kind(url))
    importlib.import_module(f"{__name__}.schedules")


def migrate(url: str, to: int | None = None) -> tuple[int, int]:
    """Bring a store to a version of its tables, by default to the newest; give the versions before and after.

    Raises UsageError, NotReady, StoreUnavailable.
    """
    try:
        from gameday.storage import migrating  # noqa: PLC0415  # an extra, and slow to import
    except ImportError as missing:
        raise database.not_installed("migrating", missing) from missing
    return migrating.migrate(url) if to is None else migrating.migrate(url, to)


class LibraryVersion(NamedTuple):
    """The version of the database library that Python brings along, and the oldest that serves."""

    name: str
    version: str
    needed: str
    serves: bool


def library_version() -> LibraryVersion:
    """Look at the database library on which every installation depends."""
    import sqlite3  # noqa: PLC0415

    return LibraryVersion(
        name=database.SQLITE.name,
        version=sqlite3.sqlite_version,
        needed="3.35",  # the first with RETURNING
        serves=sqlite3.sqlite_version_info >= (3, 35),
    )
