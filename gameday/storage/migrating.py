"""Brings a store to a version of its tables, up or down, whole or not at all.

Comes in: a store's URL and a version. Goes out: the version before and the one after.
Does not: hold SQL (`storage.schema`), or take what a step does apart: Alembic runs revisions.

One transaction, in which nobody else writes: a death in the middle leaves the version before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy
from alembic import command
from alembic.config import Config
from sqlalchemy import exc, pool
from sqlalchemy.engine import Connection

from gameday import storage
from gameday.core.errors import NotReady, StoreUnavailable, UsageError
from gameday.storage import schema, statements
from gameday.storage.database import PATIENCE
from gameday.storage.postgresql import Server


def migrate(url: str, to: int = schema.VERSION) -> tuple[int, int]:
    """Bring the store at a URL to a version; give the version that it had and the one that it has.

    Raises UsageError for a version that isn't, or that would take histories away; NotReady while a drill
    is live; StoreUnavailable.
    """
    if not 0 <= to <= schema.VERSION:
        raise UsageError(
            f"there is no schema {to}", hint=f"this gameday knows 0 (nothing) to {schema.VERSION}"
        )
    with _connected(url) as connection:
        before = _version(connection)
        if before > schema.VERSION:
            schema.check(before, "")
        if before != to:
            _refuse_a_loss(connection, before, to)
            _run(connection, before, to)
    return before, to


def _run(connection: Connection, before: int, to: int) -> None:
    config = Config()
    config.set_main_option("script_location", "gameday.storage:migrations")
    config.attributes["connection"] = connection
    connection.execute(sqlalchemy.text(statements.MAKE_VERSION))  # else Alembic makes one in words of its own
    step = command.upgrade if to > before else command.downgrade
    step(config, f"{to:04d}" if to else "base")


def _version(connection: Connection) -> int:
    if not sqlalchemy.inspect(connection).has_table("schema_version"):
        return 0
    return connection.execute(sqlalchemy.text("SELECT version FROM schema_version")).scalar() or 0


def _refuse_a_loss(connection: Connection, before: int, to: int) -> None:
    if before == 0:
        return
    live = (
        connection.execute(sqlalchemy.text("SELECT drill FROM drills WHERE closed IS NULL")).scalars().all()
    )
    if live:
        raise NotReady(
            f"drill {live[0]} is live in this store", hint="gameday end or gameday revert closes it"
        )
    there = {"drills", "schedules"} & set(sqlalchemy.inspect(connection).get_table_names())
    counts = [sqlalchemy.text(f"SELECT COUNT(*) FROM {table}") for table in there]  # noqa: S608  # ours
    held = sum(connection.execute(count).scalar() or 0 for count in counts)
    if to == 0 and held:
        raise UsageError(
            f"schema 0 is no tables at all: {held} drills and schedules would be lost",
            hint="gameday store copy moves them first; then drop the database or delete the file",
        )


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    """Give a connection within a transaction that excludes all other writers."""
    if storage.is_postgresql(url):
        server = Server(url, prepare=False)
        try:
            with server.write(within=PATIENCE) as tx:
                server.alone(tx)
                yield tx.connection
        finally:
            server.close()
    else:
        with _sqlite(url) as connection:
            yield connection


@contextmanager
def _sqlite(url: str) -> Iterator[Connection]:
    path = storage.sqlite_path(url)
    if not path.exists():
        raise StoreUnavailable(f"there is no store at {path}", hint="gameday run makes one")
    where = sqlalchemy.URL.create("sqlite", database=str(path))
    engine = sqlalchemy.create_engine(where, poolclass=pool.NullPool, connect_args={"timeout": PATIENCE})
    sqlalchemy.event.listen(engine, "connect", _leave_transactions_to_us)
    sqlalchemy.event.listen(engine, "begin", _begin_alone)
    try:
        with engine.begin() as connection:
            yield connection
    except exc.DBAPIError as error:
        raise StoreUnavailable(f"the store {path} failed: {error.orig}") from error


def _leave_transactions_to_us(connection: object, _record: object) -> None:
    """Keep the driver from ending the transaction before each CREATE and DROP."""
    connection.isolation_level = None  # type: ignore[attr-defined]


def _begin_alone(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
