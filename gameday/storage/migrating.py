"""Brings a store to a version of its tables, up or down, whole or not at all.

`schema.STEPS` is the one definition of the versions: a new store runs all of them, and Alembic replays those
that an older store lacks. Its revisions are made from the steps, in memory, so no file can contradict them.

Everything runs in one transaction that excludes other writers: a death in the middle leaves the old version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import sqlalchemy
from alembic import op
from alembic.ddl.postgresql import PostgresqlImpl
from alembic.ddl.sqlite import SQLiteImpl
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script.base import Script
from alembic.script.revision import RevisionMap
from sqlalchemy import exc, pool
from sqlalchemy.engine import Connection

from gameday.core.errors import NotReady, StoreUnavailable, UsageError
from gameday.storage import database, schema, statements, urls
from gameday.storage.postgresql import Server
from gameday.storage.sqlite import PATIENCE

VERSION_TABLE = "schema_version"


def migrate(url: str, to: int = schema.VERSION) -> tuple[int, int]:
    """Bring the store at a URL to a version; give the version that it had and the one that it has.

    Raises UsageError for an unknown version, or for one that would drop histories; NotReady while a drill
    is live; StoreUnavailable.
    """
    if not 0 <= to <= schema.VERSION:
        raise UsageError(
            f"there is no schema {to}", hint=f"this gameday knows 0 (nothing) to {schema.VERSION}"
        )
    with _connected(url) as connection:
        before = _version(connection)
        # How to go down from there only the newer gameday knows.
        if before > schema.VERSION:
            schema.check(before, "")
        if before != to:
            _refuse_a_loss(connection, before, to)
            _run(connection, before, to)
    return before, to


# --- Alembic, with revisions from `schema.STEPS` ---


def _run(connection: Connection, before: int, to: int) -> None:
    """Take one step after the other, each with its line in the table of the version."""
    # Otherwise Alembic makes the table, in a form that differs from a new store's.
    connection.execute(sqlalchemy.text(statements.MAKE_VERSION))
    revisions = RevisionMap(lambda: [_revision(version) for version in range(1, len(schema.STEPS) + 1)])
    versions = range(before + 1, to + 1) if to > before else range(before, to, -1)

    def steps(_heads: object, _context: object) -> list[RevisionStep]:
        return [_step(revisions, version, up=to > before) for version in versions]

    # "fn" gives the steps: without it Alembic looks for a folder of scripts.
    context = MigrationContext.configure(
        connection=connection, opts={"fn": steps, "version_table": VERSION_TABLE}
    )
    with Operations.context(context):
        context.run_migrations()


def _step(revisions: RevisionMap, version: int, *, up: bool) -> RevisionStep:
    revision = revisions.get_revision(_name(version))
    assert isinstance(revision, Script)
    return RevisionStep(revisions, revision, is_upgrade=up)


def _revision(version: int) -> Script:
    """Make Alembic's revision of a step; Alembic wants a module with two functions."""
    step, module = schema.STEPS[version - 1], ModuleType(f"schema_{version}")
    vars(module).update(
        down_revision=_name(version - 1) if version > 1 else None,
        upgrade=lambda: _execute(step.up),
        downgrade=lambda: _execute(step.down),
    )
    return Script(module, _name(version), schema.__file__)


def _execute(statements_: Sequence[str]) -> None:
    for statement in statements_:
        op.execute(statement)


def _name(version: int) -> str:
    return f"{version:04d}"


class _Revision(sqlalchemy.TypeDecorator[str]):
    """A revision such as "0001", stored as the whole number 1.

    Every process reads that number when it opens the store. Alembic reads and writes it, too, and so has no
    table of its own that could say something else.
    """

    impl = sqlalchemy.Integer
    cache_ok = True

    def process_result_value(self, value: Any, _dialect: sqlalchemy.Dialect) -> str | None:
        """Write the number as revisions are named."""
        return None if value is None else _name(value)


def _version_table() -> sqlalchemy.Table:
    column = sqlalchemy.Column("version", _Revision, key="version_num", primary_key=True, autoincrement=False)
    return sqlalchemy.Table(VERSION_TABLE, sqlalchemy.MetaData(), column)


class _OnPostgresql(PostgresqlImpl):
    """Alembic picks the class whose `__dialect__` is the connection's; ours replace its own."""

    __dialect__ = database.POSTGRESQL.scheme

    def version_table_impl(self, **_named: Any) -> sqlalchemy.Table:
        return _version_table()


class _OnSqlite(SQLiteImpl):
    __dialect__ = database.SQLITE.scheme

    def version_table_impl(self, **_named: Any) -> sqlalchemy.Table:
        return _version_table()


# --- what is there, and what would be lost ---


def _version(connection: Connection) -> int:
    if not sqlalchemy.inspect(connection).has_table(VERSION_TABLE):
        return 0
    return connection.execute(sqlalchemy.text(statements.GET_VERSION)).scalar() or 0


def _refuse_a_loss(connection: Connection, before: int, to: int) -> None:
    if before == 0:
        return
    # A drill in progress has processes of the old version that go on writing; new columns don't disturb them.
    live = (
        ()
        if schema.only_adds(before, to)
        else connection.execute(sqlalchemy.text("SELECT drill FROM drills WHERE closed IS NULL"))
        .scalars()
        .all()
    )
    if live:
        raise NotReady(
            f"drill {live[0]} is live in this store", hint="gameday end or gameday revert closes it"
        )
    tables = {"drills", "schedules"} & set(sqlalchemy.inspect(connection).get_table_names())
    counts = [sqlalchemy.text(f"SELECT COUNT(*) FROM {table}") for table in tables]  # noqa: S608  # ours
    rows = sum(connection.execute(count).scalar() or 0 for count in counts)
    if to == 0 and rows:
        raise UsageError(
            f"schema 0 is no tables at all: {rows} drills and schedules would be lost",
            hint="gameday store copy moves them first; then drop the database or delete the file",
        )


# --- connections that exclude other writers ---


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    """Give a connection within a transaction that excludes all other writers."""
    if database.kind(url) is database.POSTGRESQL:
        # prepare=False: opening would refuse the very version that is to be migrated.
        server = Server(url, prepare=False)
        try:
            with server.write(within=PATIENCE) as tx:
                server.exclude_table_changes(tx)
                yield tx.connection
        finally:
            server.close()
    else:
        with _sqlite(url) as connection:
            yield connection


@contextmanager
def _sqlite(url: str) -> Iterator[Connection]:
    path = urls.sqlite_path(url)
    if not path.exists():
        raise StoreUnavailable(f"there is no store at {path}", hint="gameday run makes one")
    where = sqlalchemy.URL.create("sqlite", database=str(path))
    engine = sqlalchemy.create_engine(where, poolclass=pool.NullPool, connect_args={"timeout": PATIENCE})
    sqlalchemy.event.listen(engine, "connect", _leave_transactions_to_us)
    sqlalchemy.event.listen(engine, "begin", _take_write_lock)
    try:
        with engine.begin() as connection:
            yield connection
    except exc.DBAPIError as error:
        raise StoreUnavailable(f"the store {path} failed: {error.orig}") from error


def _leave_transactions_to_us(connection: object, _record: object) -> None:
    """Keep Python's driver from committing before each CREATE and DROP: a failed step must undo them."""
    connection.isolation_level = None  # type: ignore[attr-defined]


def _take_write_lock(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
