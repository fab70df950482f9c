"""Histories in one SQLite file.

Comes in: a path. Goes out: `ports.HistoryStore`.
Does not: say what a history is (`storage.histories`), or how a file is opened (`storage.database`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gameday.core.values import Instant
from gameday.storage.database import PATIENCE, Database
from gameday.storage.histories import SqlStore
from gameday.system import clock


class SqliteStore(SqlStore):
    """Histories in a SQLite file that any number of processes append to."""

    def __init__(
        self,
        path: Path,
        *,
        patience: float = PATIENCE,
        create: bool = True,
        now: Callable[[], Instant] = clock.now,
    ) -> None:
        super().__init__(Database(path, patience=patience, create=create), now=now)
