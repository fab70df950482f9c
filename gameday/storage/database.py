"""The databases that a store can be in: their kinds, how one is opened, and what every one offers.

`KINDS` is what a further database is added to (README.md has the whole list of places). Nothing of a kind is
imported before a store of it is opened: a responder's command must not wait for SQLAlchemy.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any, NamedTuple, Protocol

from gameday.core.errors import UsageError


class Transaction(Protocol):
    """What runs statements: a connection of any database that takes named parameters."""

    def execute(self, statement: str, parameters: dict[str, Any], /) -> Any:
        """Run one statement; the result iterates over rows and has `rowcount`."""
        ...


class Executor(Protocol):
    """A database that runs our statements. Every method raises StoreUnavailable for any failure."""

    def write(self, within: float | None = None) -> AbstractContextManager[Transaction]:
        """Give a transaction that is kept only if its block succeeds; within: seconds to wait for others."""
        ...

    def read(self) -> AbstractContextManager[Transaction]:
        """Give a transaction that sees one state of the store throughout."""
        ...

    def rows(self, statement: str, **parameters: Any) -> Sequence[tuple[Any, ...]]:
        """Read all rows of one statement."""
        ...

    def clock(self) -> float | None:
        """Read the database's own clock, in seconds since the epoch; None where it has none of its own."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class DatabaseKind(NamedTuple):
    """A kind of database.

    name     as people know it
    scheme   of its URLs, before a driver's name
    pattern  what its URLs look like
    form     how help texts write its URL; example: how hints do
    shared   processes on several hosts can use one such database
    module   of `storage`, whose `open_at` opens one; imported as late as it can be
    """

    name: str
    scheme: str
    pattern: str
    form: str
    example: str
    shared: bool
    module: str


SQLITE = DatabaseKind(
    name="SQLite",
    scheme="sqlite",
    pattern=r"sqlite:///.",
    form="sqlite:///PATH",
    example="sqlite:///.gameday/gameday.db",
    shared=False,
    module="sqlite",
)
POSTGRESQL = DatabaseKind(
    name="PostgreSQL",
    scheme="postgresql",
    pattern=r"postgresql(\+\w+)?://",
    form="postgresql+psycopg://USER@HOST/NAME",
    example="postgresql+psycopg://HOST/NAME",
    shared=True,
    module="postgresql",
)
KINDS = (SQLITE, POSTGRESQL)


def kind(url: str) -> DatabaseKind:
    """Give the kind of database that a URL names. Raises UsageError for a URL of no kind that we know."""
    scheme = url.partition(":")[0].partition("+")[0]
    for candidate in KINDS:
        if candidate.scheme == scheme:
            return candidate
    raise not_a_store(url)


def open_executor(url: str, *, patience: float | None = None, create: bool = True) -> Executor:
    """Open the database at a URL; for a SQLite file this imports nothing that takes time.

    patience: seconds to wait for other processes' transactions, where the usual is too long. create False:
    a store that is not there is an error. Raises UsageError, StoreUnavailable.
    """
    found = kind(url)
    try:
        module = preload(found)
    except ImportError as missing:  # of an extra
        raise not_installed(f"a {found.name} store", missing) from missing
    opened: Executor = module.open_at(url, patience=patience, create=create)
    return opened


def preload(found: DatabaseKind) -> ModuleType:
    """Import what opens databases of a kind. Raises ImportError where its library is not installed."""
    return importlib.import_module(f"gameday.storage.{found.module}")


def not_a_store(url: str) -> UsageError:
    return UsageError(
        f"'{_without_login(url)}' is not the URL of a store",
        hint="write sqlite:///.gameday/gameday.db, sqlite:////absolute/path.db, or "
        "postgresql+psycopg://HOST/NAME",
    )


def _without_login(url: str) -> str:
    """Give a URL without user and password: a person may have mistyped only the scheme."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def not_installed(what: str, missing: ImportError) -> UsageError:
    return UsageError(
        f"{what} needs {missing.name}, which is not installed",
        hint="in a clone of gameday: pip install '.[postgresql]'",
    )
