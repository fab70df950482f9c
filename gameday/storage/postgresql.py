"""A store in one PostgreSQL database: no acknowledged write is ever lost, and every call ends in time.

It is a `storage.database.Executor` and runs the same statements as SQLite; SQLAlchemy's `text()` turns their
named parameters into the driver's.

A server can be away without any error: stopped, or behind a dead network. So each use of the connection has a
deadline on our side, at which its socket is shut down; the server's own time-outs end what takes too long
there. A transaction whose outcome is unknown may be sent again, because events and load are stored once per
id. The next use finds a server that is back. No error text holds the URL's password.
"""

from __future__ import annotations

import re
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import psycopg
import sqlalchemy
from psycopg import errors
from sqlalchemy import exc, pool
from sqlalchemy.engine import URL, Connection, CursorResult

from gameday.core.errors import StoreReadOnly, StoreUnavailable, UsageError
from gameday.core.values import Seconds
from gameday.storage import schema, statements

PATIENCE: Seconds = 5.0
"""How long to wait for another process's transaction."""
STATEMENT_TIMEOUT: Seconds = 10.0
"""How long a statement may take; an hour's load is read in a fraction of it."""
CLIENT_MARGIN: Seconds = 1.0
"""How much later our deadline is than the server's time-out, whose error says more than a dead socket."""
CONNECT = 2
"""Whole seconds for a connection to be made; libpq takes no fewer."""

_TABLES_LOCK = 0x67616D65646179
"""The advisory lock under which a new store's tables are made: 'gameday'."""

_OPTIONS = {
    "connect_timeout": CONNECT,
    "application_name": "gameday",
    "client_encoding": "utf8",
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
}
"""Used where the URL has no such option: a host that vanished is noticed within some ten seconds."""


_UNAMBIGUOUS = re.compile(
    r"""(?:[^:@/?#]*(?::[^:@/?#]*)?@)?    # user and password
        (?:\[[0-9A-Fa-f:.%]+\]|[\w.-]*)   # host: an IPv6 address, a name, or none for a local socket
        (?::\d+)?/[^@/?#]+(?:\?[^@#]*)?  # port, database, options""",
    re.VERBOSE,
)
"""A URL that can be read in one way only. A part of a password with a bare @ or / would be read as the host
or the database, and so be shown in error texts."""


def parse(url: str) -> URL:
    """Read the URL of a PostgreSQL store. Raises UsageError, whose text shows nothing of the URL."""
    scheme, _, rest = url.partition("://")
    unreadable = UsageError(
        "the store's PostgreSQL URL can't be read",
        hint="write postgresql+psycopg://USER@HOST:5432/NAME; in names and passwords, write % @ / : ? # as "
        "%25 %40 %2F %3A %3F %23",
    )
    if scheme not in {"postgresql", "postgresql+psycopg"} or not _UNAMBIGUOUS.fullmatch(rest):
        raise unreadable
    try:
        return sqlalchemy.make_url(f"postgresql+psycopg://{rest}")
    except (exc.ArgumentError, ValueError):
        raise unreadable from None


def open_at(url: str, *, patience: Seconds | None, create: bool) -> Server:
    """Open the database that a URL names, as `database.open_executor` explains."""
    return Server(url, patience=patience or PATIENCE, create=create)


class Server:
    """A PostgreSQL database. Safe to use from several threads, one after the other, but not across a fork.

    patience: seconds to wait for other processes' transactions. create False: a database without our tables
    is an error, not a new store. prepare False: tables are neither checked nor made.
    """

    def __init__(
        self, url: str, *, patience: Seconds = PATIENCE, create: bool = True, prepare: bool = True
    ) -> None:
        self._url = parse(url)
        self._patience = patience
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        defaults = {name: value for name, value in _OPTIONS.items() if name not in self._url.query}
        self._engine = sqlalchemy.create_engine(
            self._url,
            # A pool would hand out connections whose server is gone; NullPool leaves that check to
            # `_usable`.
            poolclass=pool.NullPool,  # we hold one connection, and decide ourselves when it is dead
            connect_args=defaults,
            hide_parameters=True,  # keeps values out of error texts
            isolation_level="READ COMMITTED",
        )
        # At once, not at the first use: a wrong URL or version must be reported before a drill begins.
        with self._lock, self._explained(self._patience):
            self._usable()
            if prepare:
                self._prepare(create=create)

    @property
    def name(self) -> str:
        """The store's URL without user and password, for messages."""
        # Built from parts that hold no secret; options of the query may carry a password, too.
        plain = URL.create("postgresql", None, None, self._url.host, self._url.port, self._url.database)
        return plain.render_as_string()

    @contextmanager
    def write(self, within: Seconds | None = None) -> Iterator[_Transaction]:
        """Give a transaction that is kept only if the block succeeds.

        within: seconds to wait for other processes' transactions, where the usual patience is too long.
        """
        patience = self._patience if within is None else within
        # Only for waiting on locks, and only in this transaction; statement_timeout bounds the work itself.
        with self._begun(f"SET LOCAL lock_timeout = {max(1, round(patience * 1000))}", patience) as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[_Transaction]:
        """Give a transaction that sees one state of the store throughout."""
        # In READ COMMITTED each statement would see a newer state: heads and lines would not match.
        with self._begun(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", STATEMENT_TIMEOUT
        ) as tx:
            yield tx

    def rows(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Read all rows of one statement."""
        with self._begun("", STATEMENT_TIMEOUT) as tx:
            return [tuple(row) for row in tx.execute(statement, parameters)]

    def clock(self) -> float | None:
        """Read the server's own clock, in seconds since the epoch."""
        return float(self.rows("SELECT extract(epoch FROM clock_timestamp())")[0][0])

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            # Forgotten first: whatever closing raises, the next use makes a new connection.
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(exc.SQLAlchemyError, psycopg.Error):
                    connection.invalidate()  # sends nothing: a server that is away could block it
                    connection.close()

    @contextmanager
    def _begun(self, first: str, patience: Seconds) -> Iterator[_Transaction]:
        with self._lock, self._explained(patience):
            connection = self._usable()
            # The deadline is outside, so that it bounds the commit and the rollback as well.
            with _deadline(connection, patience + CLIENT_MARGIN), connection.begin():
                if first:
                    connection.exec_driver_sql(first)
                yield _Transaction(connection)

    def _usable(self) -> Connection:
        """Give the connection, or a new one when the server has ended the one that we had."""
        # Found out before the transaction begins: afterwards nobody knows whether it was committed.
        if self._connection is not None and _hung_up(self._connection):
            self.close()
        if self._connection is None:
            self._connection = self._engine.connect()
            with _deadline(self._connection, STATEMENT_TIMEOUT), self._connection.begin():
                # synchronous_commit: a role or database may have it off, and a commit could be lost in a
                # crash. idle_in_transaction: a stopped process of ours must not hold its locks indefinitely.
                self._connection.exec_driver_sql(
                    f"SET statement_timeout = {STATEMENT_TIMEOUT * 1000:.0f}; SET synchronous_commit = on; "
                    f"SET idle_in_transaction_session_timeout = {3 * STATEMENT_TIMEOUT * 1000:.0f}"
                )
        return self._connection

    def _prepare(self, *, create: bool) -> None:
        """Make the tables where there are none; refuse those of another version."""
        with self._begun("", STATEMENT_TIMEOUT) as tx:
            version = _version(tx)
        if version is None and not create:
            raise StoreUnavailable(f"there is no store in {self.name}", hint="gameday run makes one")
        if version is None or schema.may_be_updated(version):
            try:
                version = self._update()
            except StoreReadOnly:
                if version is None:
                    raise
                # Whoever may write to an older store adds what it lacks; until then it can't be read here.
        schema.check(version, self.name)

    def _update(self) -> int:
        """Make the tables of a new store, or take the steps that an older one lacks; give its version."""
        with self._begun("", STATEMENT_TIMEOUT) as tx:
            self.exclude_table_changes(tx)
            # Again, under the lock: of several processes that open the store at once, one takes the steps.
            version = _version(tx) or 0
            for statement in schema.missing(version):
                tx.execute(statement, {})
        return max(version, schema.VERSION)

    def exclude_table_changes(self, tx: _Transaction) -> None:
        """Wait until no other process makes or changes tables, and keep others from it in this transaction.

        An advisory lock, because there may be no table yet that could be locked.
        """
        tx.execute("SELECT pg_advisory_xact_lock(:key)", {"key": _TABLES_LOCK})

    @contextmanager
    def _explained(self, patience: Seconds) -> Iterator[None]:
        """Turn the driver's errors into StoreUnavailable, without the URL, the statement or its values."""
        try:
            yield
        except (exc.DBAPIError, psycopg.Error) as error:
            cause = error.orig if isinstance(error, exc.DBAPIError) else error
            # After any other error the state of the connection is unknown.
            if not isinstance(cause, _CONNECTION_SURVIVES):
                self.close()
            # `from None`: the driver's error holds the statement and its values, and a traceback would print
            # them.
            raise self._error(cause, patience) from None
        except exc.SQLAlchemyError as error:
            self.close()
            raise StoreUnavailable(f"the store {self.name} failed: {type(error).__name__}") from None

    def _error(self, cause: BaseException | None, patience: Seconds) -> StoreUnavailable | ValueError:
        # Not StoreUnavailable: that would be tried again, and fail in the same way.
        if isinstance(cause, psycopg.DataError):
            return ValueError(f"the store {self.name} can't hold it: {_first_line(cause)}")
        for kind, what, hint in _REASONS:
            if isinstance(cause, kind):
                problem = what.format(patience=patience, answer=STATEMENT_TIMEOUT)
                error = StoreReadOnly if kind is errors.InsufficientPrivilege else StoreUnavailable
                return error(f"the store {self.name} {problem}", hint=hint)
        return StoreUnavailable(
            f"the store {self.name} is away: {_first_line(cause)}",
            hint="check that the server runs and is reached: psql -h HOST -p PORT NAME",
        )


class _Transaction:
    """Runs our statements on a connection, within the transaction that it has begun."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def execute(self, statement: str, parameters: dict[str, Any], /) -> CursorResult[Any]:
        """Run one statement; the result iterates over rows and has `rowcount`."""
        return self.connection.execute(_text(statement), parameters)


def _version(tx: _Transaction) -> int | None:
    """Give the schema's version, or None for a database without our tables."""
    # From the catalogue, not by to_regclass(): that answers from the session's cache, which a wait for the
    # advisory lock does not renew, and so misses a table that another process made meanwhile.
    if tx.execute(_HAS_VERSION, {}).scalar() is None:
        return None
    version = tx.execute(statements.GET_VERSION, {}).scalar()
    return None if version is None else int(version)


_CONNECTION_SURVIVES = (
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.DeadlockDetected,
    psycopg.DataError,
)
"""Errors after which the connection is still usable."""

_REASONS: tuple[tuple[type[psycopg.Error], str, str], ...] = (
    (
        errors.LockNotAvailable,
        "was locked by another process for {patience:g} s",
        "find who holds it: SELECT * FROM pg_stat_activity",
    ),
    (errors.QueryCanceled, "took longer than {answer:g} s to answer", "look at the server's load"),
    (errors.DeadlockDetected, "gave up for another transaction's sake", "try again"),
    (errors.DiskFull, "is full: its disk has no space left", "make room on the server's disk"),
    (
        errors.ReadOnlySqlTransaction,
        "may only be read",
        "this server is a standby or set to read only: check [store] url",
    ),
    (
        errors.InsufficientPrivilege,
        "may only be read by this user, or not even that",
        "GRANT lets the user read or write its tables; who makes them must own the database",
    ),
)


_HAS_VERSION = (
    "SELECT 1 FROM pg_catalog.pg_class"
    " WHERE relname = 'schema_version' AND pg_catalog.pg_table_is_visible(oid)"
)


@cache
def _text(statement: str) -> sqlalchemy.TextClause:
    return sqlalchemy.text(statement)


def _first_line(cause: BaseException | None) -> str:
    """Give the driver's first line; libpq names hosts, users and databases in it, never passwords."""
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


def _socket(connection: Connection) -> int:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.pgconn.socket


def _hung_up(connection: Connection) -> bool:
    """Report whether an idle connection has ended: a server sends nothing unasked except why it closes."""
    if connection.closed or connection.invalidated:
        return True
    try:
        poll = select.poll()
        poll.register(_socket(connection), select.POLLIN | select.POLLRDHUP)
        # Without waiting: the check is made before each use.
        return bool(poll.poll(0))
    except (psycopg.Error, exc.SQLAlchemyError, OSError):
        return True


@contextmanager
def _deadline(connection: Connection, seconds: Seconds) -> Iterator[None]:
    """Shut the connection's socket down when the block takes longer, which wakes the thread that waits on it.

    On a duplicate of the descriptor: libpq may close its own meanwhile, and its number may be given to
    another file.
    """
    duplicate = socket.socket(fileno=socket.dup(_socket(connection)))
    timer = threading.Timer(seconds, _shut, (duplicate,))
    # Otherwise a process that ends would wait for the timer.
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        duplicate.close()


def _shut(connected: socket.socket) -> None:
    with suppress(OSError):  # the block ended at the same time
        connected.shutdown(socket.SHUT_RDWR)
