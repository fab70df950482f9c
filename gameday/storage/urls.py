"""What a store's URL says without opening the store.

Nothing outside of `storage` looks at a URL's scheme; it asks these questions.
"""

from __future__ import annotations

import re
from pathlib import Path

from gameday.core.errors import UsageError
from gameday.storage.database import KINDS, SQLITE, kind, not_a_store

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
        raise not_a_store(url)
    return Path(path)
