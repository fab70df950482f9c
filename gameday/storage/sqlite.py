"""A store in one SQLite file, opened and written so that no acknowledged write is ever lost.

A responder's command waits for this module's imports, so it imports nothing slow. Every failure becomes
StoreUnavailable, with a hint at what to check.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gameday.core.errors import SHARED, StoreReadOnly, StoreUnavailable
from gameday.storage import schema, statements, urls
from gameday.storage.database import Transaction
from gameday.system import clock

PATIENCE = 30.0
"""Seconds to wait for another process's transaction."""
RETRY_INTERVAL = 0.01


def open_at(url: str, *, patience: float | None, create: bool) -> SqliteDatabase:
    """Open the file that a URL names, as `database.open_executor` explains."""
    return SqliteDatabase(urls.sqlite_path(url), patience=patience or PATIENCE, create=create)


class SqliteDatabase:
    """A SQLite file. Safe to use from several threads, but not across a fork.

    create False: a missing file is an error, not a new store.
    """

    def __init__(self, path: Path, *, patience: float = PATIENCE, create: bool = True) -> None:
        self.path = path
        self._patience = patience
        self._lock = threading.RLock()
        self._inode: tuple[int, int] | None = None
        self._connection: sqlite3.Connection | None = None
        with self._explained():
            self._connection = self._connect(create=create)

    @contextmanager
    def write(self, within: float | None = None) -> Iterator[Transaction]:
        """Give a transaction that no other writer can overlap; it is kept only if the block succeeds.

        within: seconds to wait for other processes' transactions, where the usual patience is too long.
        """
        patience = self._patience if within is None else within
        with self._lock, self._explained(patience):
            connection = self._usable()
            # SQLite itself waits for the lock, by polling: set per transaction, for some callers wait less.
            connection.execute(f"PRAGMA busy_timeout={patience * 1000:.0f}")
            # IMMEDIATE takes the write lock at once. A deferred transaction that has read can't be upgraded
            # after another process wrote: it fails with SQLITE_BUSY, which no time-out waits out.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk makes SQLite roll back by itself
                    connection.execute("ROLLBACK")
                raise

    def rows(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Read all rows of one statement."""
        with self._lock, self._explained():
            return self._usable().execute(statement, parameters).fetchall()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Give a transaction that sees one state of the store throughout."""
        with self._lock, self._explained():
            connection = self._usable()
            connection.execute("BEGIN")  # in WAL mode a reader keeps its snapshot, and blocks no writer
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    def clock(self) -> float | None:
        """Give None: a file has no clock of its own."""
        return None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _usable(self) -> sqlite3.Connection:
        """Give a connection to the file that is at the path now.

        SQLite goes on writing into a file that was deleted or replaced, and those writes are lost. Comparing
        the inode before each use finds that out.
        """
        if self._connection is not None and _inode(self.path) == self._inode:
            return self._connection
        self.close()
        if _inode(self.path) is None:
            raise StoreUnavailable(
                f"the store {self.path} is gone", hint="put the file back; what happens meanwhile is kept"
            )
        self._connection = self._connect(create=False)
        return self._connection

    def _connect(self, *, create: bool) -> sqlite3.Connection:
        if create:
            _make_private(self.path)
        elif not self.path.exists():
            raise StoreUnavailable(f"there is no store at {self.path}", hint="gameday run makes one")
        connection = sqlite3.connect(
            # mode=rw: without it SQLite makes an empty file where the store was deleted a moment ago.
            f"{self.path.resolve().as_uri()}?mode=rw",
            uri=True,
            timeout=self._patience,
            # Python's module would otherwise begin transactions by itself, and deferred ones.
            isolation_level=None,
            # Threads take turns under `_lock`.
            check_same_thread=False,
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._inode = _inode(self.path)
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        with suppress(sqlite3.OperationalError):  # a store that may only be read can't change its mode
            _retry_while_locked(connection, "PRAGMA journal_mode=WAL", self._patience)
        # WAL's usual NORMAL syncs only at checkpoints: a power cut could take back a committed event.
        connection.execute("PRAGMA synchronous=FULL")
        version = _version(connection)
        if version is None or schema.may_be_updated(version):
            try:
                version = _update(connection)
            except sqlite3.OperationalError as error:
                if version is None or _code(error) != sqlite3.SQLITE_READONLY:
                    raise
                # Whoever may write to an older store adds what it lacks; until then it can't be read here.
        schema.check(version, str(self.path))

    @contextmanager
    def _explained(self, patience: float | None = None) -> Iterator[None]:
        """Turn errors of SQLite and of the file system into StoreUnavailable."""
        try:
            yield
        except sqlite3.Error as error:
            # A locked store's connection is sound: closing it would only lose time.
            if _code(error) not in _LOCKED:
                self.close()  # a read-only or damaged file is opened anew at the next use
            raise self._unavailable(error, patience or self._patience) from error
        except OSError as error:
            reason = error.strerror or str(error)
            hint = SHARED if isinstance(error, PermissionError) else ""
            raise StoreUnavailable(f"the store {self.path} cannot be opened: {reason}", hint=hint) from error

    def _unavailable(self, error: sqlite3.Error, patience: float) -> StoreUnavailable:
        if _code(error) in _LOCKED:
            what = f"was locked by another process for {patience:g} s"
            return StoreUnavailable(f"the store {self.path} {what}", hint="find who holds it: fuser -v FILE")
        what, hint = _REASONS.get(_code(error), (f"failed: {error}", ""))
        if _code(error) in _DENIED and not _own(self.path):
            hint = SHARED
        if _code(error) == sqlite3.SQLITE_READONLY and not _writable(self.path):
            return StoreReadOnly(f"the store {self.path} may only be read by this user", hint=hint)
        return StoreUnavailable(f"the store {self.path} {what}", hint=hint)


_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

_REASONS = {
    sqlite3.SQLITE_FULL: ("is full: its disk has no space left", "make room on the disk: df -h"),
    sqlite3.SQLITE_READONLY: (
        "may only be read",
        "check owner and mode of the file, its -wal and -shm, and its folder",
    ),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "check that its folder is there and may be written"),
    sqlite3.SQLITE_NOTADB: ("is not a SQLite file", "check [store] url in gameday.toml"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "keep a copy; gameday verify says which drills are sound"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "check the disk: dmesg"),
}


_DENIED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


def _own(path: Path) -> bool:
    """Report whether a file is this user's, or there is none."""
    try:
        return path.stat().st_uid == os.geteuid()
    except PermissionError:
        return False
    except OSError:  # there is none
        return True


def _writable(path: Path) -> bool:
    """Report whether this user may write a file; a disk that takes no writes at all is another matter."""
    try:
        on_disk = os.statvfs(path).f_flag & os.ST_RDONLY
    except OSError:
        return True
    return bool(on_disk) or os.access(path, os.W_OK)


def _code(error: sqlite3.Error) -> int:
    """Give SQLite's primary result code; 0 for errors that Python's module raises by itself."""
    # The low byte is the primary code; extended codes such as SQLITE_IOERR_FSYNC add to it above.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _make_private(path: Path) -> None:
    """Make the file and its folder for their owner alone; SQLite gives its side files the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        # Made by us, because SQLite makes its files with the umask's mode, readable by others.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _version(connection: sqlite3.Connection) -> int | None:
    """Give the schema's version, or None for a new file."""
    try:
        row = connection.execute(statements.GET_VERSION).fetchone()
    except sqlite3.OperationalError as error:
        # SQLite has no code of its own for it; other operational errors must not make a new store.
        if "no such table" in str(error):
            return None
        raise
    return None if row is None else int(row[0])


def _update(connection: sqlite3.Connection) -> int:
    """Make the tables of a new store, or take the steps that an older one lacks; give its version."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Again, under the lock: of several processes that open the store at once, one takes the steps.
        version = _version(connection) or 0
        for statement in schema.missing(version):
            connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return max(version, schema.VERSION)


def _retry_while_locked(connection: sqlite3.Connection, statement: str, seconds: float) -> None:
    """Run a statement that SQLite's busy time-out does not cover: a change of the journal mode."""
    deadline = clock.monotonic() + seconds
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if _code(error) not in _LOCKED or clock.monotonic() > deadline:
                raise
            clock.sleep(RETRY_INTERVAL)
        else:
            return
