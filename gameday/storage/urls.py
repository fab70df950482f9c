"""What a store's URL says without opening the store: the one list of databases that gameday can use.

Nothing outside of `storage` looks at a URL's scheme; it asks these questions. `KINDS` is what a further
database is added to (README.md has the whole list of places).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from gameday.core.errors import UsageError


class DatabaseKind(NamedTuple):
    """A kind of database.

    name     as people know it
    scheme   of its URLs, before a driver's name
    pattern  what its URLs look like
    form     how help texts write its URL; example: how hints do
    shared   processes on several hosts can use one such database
    """

    name: str
    scheme: str
    pattern: str
    form: str
    example: str
    shared: bool


SQLITE = DatabaseKind(
    name="SQLite",
    scheme="sqlite",
    pattern=r"sqlite:///.",
    form="sqlite:///PATH",
    example="sqlite:///.gameday/gameday.db",
    shared=False,
)
POSTGRESQL = DatabaseKind(
    name="PostgreSQL",
    scheme="postgresql",
    pattern=r"postgresql(\+\w+)?://",
    form="postgresql+psycopg://USER@HOST/NAME",
    example="postgresql+psycopg://HOST/NAME",
    shared=True,
)
KINDS = (SQLITE, POSTGRESQL)

DEFAULT = SQLITE.example
"""The store of a workspace whose gameday.toml names none; a path below the workspace."""
FORMS = ", ".join(kind.form for kind in KINDS)
"""The URLs that a store can have, for help texts."""


def mistake(url: str) -> tuple[str, str] | None:
    """Give what is wrong with a URL from a settings file, and a hint; None when a store may have it."""
    if any(re.match(kind.pattern, url) for kind in KINDS):
        return None
    # A settings file may hold a password by mistake; the message must not repeat it.
    shown = re.sub(r"//[^/@]*@", "//***@", url)
    examples = " or ".join(f'"{kind.example}"' for kind in KINDS)
    return f"'{shown}' is not a store", f"write {examples}"


def kind(url: str) -> DatabaseKind:
    """Give the kind of database that a URL names. Raises UsageError for a URL of no kind that we know."""
    scheme = url.partition(":")[0].partition("+")[0]
    for candidate in KINDS:
        if candidate.scheme == scheme:
            return candidate
    raise _not_a_store(url)


def kind_name(url: str) -> str:
    """Name the kind of database as people know it. Raises UsageError."""
    return kind(url).name


def shared_between_hosts(url: str) -> bool:
    """Report whether processes on several hosts can use this store. Raises UsageError."""
    return kind(url).shared


def must_be_shared(url: str, why: str) -> None:
    """Refuse a store that only this host can use; why: what needs more. Raises UsageError."""
    if not shared_between_hosts(url):
        shared = " or ".join(candidate.name for candidate in KINDS if candidate.shared)
        raise UsageError(
            why, hint=f"set [store] url to a {shared} database; gameday store copy moves what there is"
        )


def anchored(url: str, root: Path) -> str:
    """Give a URL whose file, if it has one, is an absolute path. Raises UsageError."""
    return f"sqlite:///{root / sqlite_path(url)}" if kind(url) is SQLITE else url


def address(url: str) -> str:
    """Give where a store is, without user and password; of a file its absolute path. Raises UsageError."""
    if kind(url) is SQLITE:
        return f"sqlite:///{sqlite_path(url).absolute()}"
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2].partition('?')[0]}"


def is_within(url: str, folder: Path) -> bool:
    """Check whether a store is a file in a folder, and so moves with it. Raises UsageError."""
    return kind(url) is SQLITE and sqlite_path(url).resolve().is_relative_to(folder.resolve())


def in_folder(folder: Path) -> str:
    """Give the URL of a store of its own in a folder."""
    return f"sqlite:///{folder / sqlite_path(DEFAULT).name}"


def certainly_absent(url: str) -> bool:
    """Check whether there can't be a store yet. False where only opening it would tell. Raises UsageError."""
    try:
        return kind(url) is SQLITE and not sqlite_path(url).exists()
    except PermissionError:  # another user's folder
        return False


def sqlite_path(url: str) -> Path:
    """Give the file of a SQLite URL: `sqlite:///relative` or `sqlite:////absolute`. Raises UsageError."""
    scheme, separator, path = url.partition(":///")
    if scheme != "sqlite" or not separator or not path:
        raise _not_a_store(url)
    return Path(path)


def _not_a_store(url: str) -> UsageError:
    return UsageError(
        f"'{_without_login(url)}' is not the URL of a store",
        hint="write sqlite:///.gameday/gameday.db, sqlite:////absolute/path.db, or "
        "postgresql+psycopg://HOST/NAME",
    )


def _without_login(url: str) -> str:
    """Give a URL without user and password: a person may have mistyped only the scheme."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
