"""One PostgreSQL database, opened and written so that nothing acknowledged is lost and nobody waits for ever.

Comes in: a URL. Goes out: `storage.database.Executor`, the same that a SQLite file is.
Does not: know what the rows mean; the statements are those of SQLite, which SQLAlchemy's `text()` puts into
the driver's words.

A server can be away in ways of which no error tells: stopped, behind a dead network. So each use of the
connection has a deadline on our side, at which its socket is shut; the server ends what takes too long on its
side. A transaction of which nobody knows whether it was kept may be sent again: events and load are stored
once per id. A server that came back is found by the next use. No text of an error holds the URL's password.
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

from gameday.core.errors import StoreUnavailable, UsageError
from gameday.core.values import Seconds
from gameday.storage import schema, statements

PATIENCE: Seconds = 5.0
"""How long to wait for another process's transaction."""
ANSWER: Seconds = 10.0
"""How long a statement may take; a whole hour's load is read in a fraction of it."""
SILENCE: Seconds = 1.0
"""How long after the server should have given up we give up on the server."""
CONNECT = 2
"""Whole seconds for a connection to be made; libpq takes no fewer."""

_OPENING = 0x67616D65646179
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
"""What the URL does not say otherwise: a host that vanished is noticed within some ten seconds."""


_READABLE = re.compile(
    r"""(?:[^:@/?#]*(?::[^:@/?#]*)?@)?    # user and password
        (?:\[[0-9A-Fa-f:.%]+\]|[\w.-]*)   # host: an IPv6 address, a name, or none for a local socket
        (?::\d+)?/[^@/?#]+(?:\?[^@#]*)?  # port, database, options""",
    re.VERBOSE,
)
"""What reads in one way only. A password with a bare @ or / would put a part of itself where the host or the
database is expected, and so into the text of an error."""


def parse(url: str) -> URL:
    """Read the URL of a PostgreSQL store. Raises UsageError, whose text holds nothing of a password."""
    scheme, _, rest = url.partition("://")
    unreadable = UsageError(
        "the store's PostgreSQL URL can't be read",
        hint="write postgresql+psycopg://USER@HOST:5432/NAME; in names and passwords, write % @ / : ? # as "
        "%25 %40 %2F %3A %3F %23",
    )
    if scheme not in {"postgresql", "postgresql+psycopg"} or not _READABLE.fullmatch(rest):
        raise unreadable
    try:
        return sqlalchemy.make_url(f"postgresql+psycopg://{rest}")
    except (exc.ArgumentError, ValueError):
        raise unreadable from None


class Server:
    """A PostgreSQL database. Safe to use from several threads, one after the other; not over a fork.

    patience: seconds to wait for other processes' transactions. create False: a database without our tables
    is an error, not a new store. prepare False: tables are neither looked at nor made.
    """

    def __init__(
        self, url: str, *, patience: Seconds = PATIENCE, create: bool = True, prepare: bool = True
    ) -> None:
        self._url = parse(url)
        self._patience = patience
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        given = {name: value for name, value in _OPTIONS.items() if name not in self._url.query}
        self._engine = sqlalchemy.create_engine(
            self._url,
            poolclass=pool.NullPool,
            connect_args=given,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
        )
        with self._lock, self._explained(self._patience):
            self._usable()
            if prepare:
                self._prepare(create=create)

    @property
    def name(self) -> str:
        """The store as people know it: no user, no password."""
        plain = URL.create("postgresql", None, None, self._url.host, self._url.port, self._url.database)
        return plain.render_as_string()

    @contextmanager
    def write(self, within: Seconds | None = None) -> Iterator[_Transaction]:
        """Give a transaction that is kept only if the block succeeds.

        within: seconds to wait for other processes' transactions, where the usual patience is too long.
        """
        patience = self._patience if within is None else within
        with self._begun(f"SET LOCAL lock_timeout = {max(1, round(patience * 1000))}", patience) as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[_Transaction]:
        """Give a transaction that sees one state of the store throughout."""
        with self._begun("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", ANSWER) as tx:
            yield tx

    def rows(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Read all rows of one statement."""
        with self._begun("", ANSWER) as tx:
            return [tuple(row) for row in tx.execute(statement, parameters)]

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(exc.SQLAlchemyError, psycopg.Error):
                    connection.invalidate()  # no farewell to a server that may not listen
                    connection.close()

    @contextmanager
    def _begun(self, first: str, patience: Seconds) -> Iterator[_Transaction]:
        with self._lock, self._explained(patience):
            connection = self._usable()
            with _deadline(connection, patience + SILENCE), connection.begin():
                if first:
                    connection.exec_driver_sql(first)
                yield _Transaction(connection)

    def _usable(self) -> Connection:
        """Give the connection, or a new one when the server has hung up on the one that we had."""
        if self._connection is not None and _hung_up(self._connection):
            self.close()
        if self._connection is None:
            self._connection = self._engine.connect()
            with _deadline(self._connection, ANSWER), self._connection.begin():
                self._connection.exec_driver_sql(
                    f"SET statement_timeout = {ANSWER * 1000:.0f}; SET synchronous_commit = on; "
                    f"SET idle_in_transaction_session_timeout = {3 * ANSWER * 1000:.0f}"
                )
        return self._connection

    def _prepare(self, *, create: bool) -> None:
        """Make the tables where there are none; refuse what a newer gameday made."""
        version = self._version()
        if version is None and not create:
            raise StoreUnavailable(f"there is no store in {self.name}", hint="gameday run makes one")
        if version is None:
            version = self._make()
        schema.check(version, self.name)

    def _version(self) -> int | None:
        if self.rows("SELECT to_regclass('schema_version')")[0][0] is None:
            return None
        found = self.rows(statements.GET_VERSION)
        return int(found[0][0]) if found else None

    def _make(self) -> int:
        with self._begun("", ANSWER) as tx:
            self.exclude_table_changes(tx)
            for statement in schema.NEW:
                tx.execute(statement, {})
            tx.execute(statements.SET_VERSION, {"version": schema.VERSION})
        return schema.VERSION

    def exclude_table_changes(self, tx: _Transaction) -> None:
        """Wait until no other process makes or changes tables, and keep others from it in this transaction.

        An advisory lock, because there may be no table yet that could be locked.
        """
        tx.execute("SELECT pg_advisory_xact_lock(:key)", {"key": _OPENING})

    @contextmanager
    def _explained(self, patience: Seconds) -> Iterator[None]:
        """Turn what the driver says into StoreUnavailable, without the URL, the statement or its values."""
        try:
            yield
        except (exc.DBAPIError, psycopg.Error) as error:
            cause = error.orig if isinstance(error, exc.DBAPIError) else error
            if not isinstance(cause, _STILL_WELL):
                self.close()
            raise self._told(cause, patience) from None
        except exc.SQLAlchemyError as error:
            self.close()
            raise StoreUnavailable(f"the store {self.name} failed: {type(error).__name__}") from None

    def _told(self, cause: BaseException | None, patience: Seconds) -> StoreUnavailable | ValueError:
        if isinstance(cause, psycopg.DataError):  # the same again would fail the same way
            return ValueError(f"the store {self.name} can't hold it: {_first_line(cause)}")
        for kind, what, hint in _REASONS:
            if isinstance(cause, kind):
                told = what.format(patience=patience, answer=ANSWER)
                return StoreUnavailable(f"the store {self.name} {told}", hint=hint)
        return StoreUnavailable(
            f"the store {self.name} is away: {_first_line(cause)}",
            hint="check that the server runs and is reached: psql -h HOST -p PORT NAME",
        )


class _Transaction:
    """Runs our statements on a connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def execute(self, statement: str, parameters: dict[str, Any], /) -> CursorResult[Any]:
        """Run one statement; the answer iterates over rows and has `rowcount`."""
        return self.connection.execute(_text(statement), parameters)


_STILL_WELL = (errors.LockNotAvailable, errors.QueryCanceled, errors.DeadlockDetected, psycopg.DataError)
"""After these the connection goes on to serve."""

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
        "does not allow it to this user",
        "let the user own the database: ALTER DATABASE NAME OWNER TO USER",
    ),
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
    """Tell whether an idle connection has ended: the server speaks unasked only to say goodbye."""
    if connection.closed or connection.invalidated:
        return True
    try:
        poll = select.poll()
        poll.register(_socket(connection), select.POLLIN | select.POLLRDHUP)
        return bool(poll.poll(0))
    except (psycopg.Error, exc.SQLAlchemyError, OSError):
        return True


@contextmanager
def _deadline(connection: Connection, seconds: Seconds) -> Iterator[None]:
    """Shut the connection's socket when the block takes longer, so that whoever waits on it hears of it."""
    ours = socket.socket(fileno=socket.dup(_socket(connection)))
    timer = threading.Timer(seconds, _shut, (ours,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        ours.close()


def _shut(end: socket.socket) -> None:
    with suppress(OSError):  # the block ended at the same moment
        end.shutdown(socket.SHUT_RDWR)
