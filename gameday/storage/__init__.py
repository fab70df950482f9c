"""Where histories are kept. `open_store` is the way in; the modules import no more than they need."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gameday.core.errors import UsageError

if TYPE_CHECKING:
    from gameday.ports import HistoryStore, ScheduleStore
    from gameday.storage.database import Executor
    from gameday.storage.histories import SqlStore


def open_store(url: str, artifacts: Path | None = None) -> HistoryStore:
    """Open the store at a URL such as `sqlite:///.gameday/gameday.db`, and make it if it isn't there.

    artifacts: the folder of the drills' folders; with it, what can't be stored is kept there and
    stored later. Raises UsageError for a URL of another kind, StoreUnavailable.
    """
    from gameday.storage.spilling import SpillingStore  # noqa: PLC0415  # responders' commands do without

    store = open_plain(url)
    return store if artifacts is None else SpillingStore(store, artifacts)


def open_plain(url: str) -> SqlStore:
    """Open the store at a URL, without a place beside it. Raises UsageError, StoreUnavailable."""
    from gameday.storage.histories import SqlStore  # noqa: PLC0415

    return SqlStore(open_executor(url))


def open_schedules(url: str, *, create: bool = True) -> ScheduleStore:
    """Open the schedules of the store at a URL. Raises UsageError, StoreUnavailable."""
    from gameday.storage.schedules import SqlScheduleStore  # noqa: PLC0415

    return SqlScheduleStore(open_executor(url, create=create))


def open_executor(url: str, *, patience: float | None = None, create: bool = True) -> Executor:
    """Open the database at a URL; for a SQLite file this imports nothing that takes time.

    patience: seconds to wait for other processes' transactions, where the usual is too long. create False:
    a store that is not there is an error. Raises UsageError, StoreUnavailable.
    """
    if is_postgresql(url):
        return _server(url, patience, create=create)
    from gameday.storage import database  # noqa: PLC0415

    return database.Database(sqlite_path(url), patience=patience or database.PATIENCE, create=create)


def is_postgresql(url: str) -> bool:
    """Tell whether a URL names a PostgreSQL database."""
    return url.partition(":")[0].partition("+")[0] == "postgresql"


def _server(url: str, patience: float | None, *, create: bool) -> Executor:
    try:
        from gameday.storage import postgresql  # noqa: PLC0415  # an extra, and slow to import
    except ImportError as missing:
        raise UsageError(
            f"a PostgreSQL store needs {missing.name}, which is not installed",
            hint="pip install 'gameday[postgresql]'",
        ) from missing
    return postgresql.Server(url, patience=patience or postgresql.PATIENCE, create=create)


def sqlite_path(url: str) -> Path:
    """Give the file of a SQLite URL: `sqlite:///relative` or `sqlite:////absolute`. Raises UsageError."""
    scheme, separator, path = url.partition(":///")
    if scheme != "sqlite" or not separator or not path:
        raise UsageError(
            f"'{_shown(url)}' is not the URL of a store",
            hint="write sqlite:///.gameday/gameday.db, sqlite:////absolute/path.db, or "
            "postgresql+psycopg://HOST/NAME",
        )
    return Path(path)


def _shown(url: str) -> str:
    """Give a URL without what stands before its host: a person may have mistyped only the scheme."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
