"""Runs revisions on the connection that `storage.migrating` gives, in its transaction.

The store's version is a whole number in `schema_version`, which every process reads when it opens the store;
Alembic keeps its place there, and has no table of its own that could say something else.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy
from alembic import context
from alembic.ddl.postgresql import PostgresqlImpl
from alembic.ddl.sqlite import SQLiteImpl


class _Revision(sqlalchemy.TypeDecorator[str]):
    """A revision such as "0001", kept as the whole number 1."""

    impl = sqlalchemy.Integer
    cache_ok = True

    def process_result_value(self, value: Any, _dialect: sqlalchemy.Dialect) -> str | None:
        """Write the number as revisions are named."""
        return None if value is None else f"{value:04d}"


def _versions() -> sqlalchemy.Table:
    column = sqlalchemy.Column("version", _Revision, key="version_num", primary_key=True, autoincrement=False)
    return sqlalchemy.Table("schema_version", sqlalchemy.MetaData(), column)


class _OnPostgresql(PostgresqlImpl):
    __dialect__ = "postgresql"

    def version_table_impl(self, **_named: Any) -> sqlalchemy.Table:
        return _versions()


class _OnSqlite(SQLiteImpl):
    __dialect__ = "sqlite"

    def version_table_impl(self, **_named: Any) -> sqlalchemy.Table:
        return _versions()


context.configure(connection=context.config.attributes["connection"], version_table="schema_version")
context.run_migrations()
