"""Stores of one database each, without a folder to fall back on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gameday.core.values import Instant
from gameday.storage.histories import SqlStore
from gameday.storage.sqlite import PATIENCE, SqliteDatabase
from gameday.system import clock


def sqlite_store(
    path: Path, *, patience: float = PATIENCE, now: Callable[[], Instant] = clock.now
) -> SqlStore:
    return SqlStore(SqliteDatabase(path, patience=patience), now=now)


def postgresql_store(
    url: str, *, patience: float | None = None, now: Callable[[], Instant] = clock.now
) -> SqlStore:
    from gameday.storage import postgresql  # noqa: PLC0415  # an extra, as its server is

    return SqlStore(postgresql.Server(url, patience=patience or postgresql.PATIENCE), now=now)
