"""Mistakes of locustfiles that show without importing them."""

from __future__ import annotations

from pathlib import PurePosixPath

from gameday.core.errors import Mistake


def misnamed(file: str) -> Mistake | None:
    """Give the mistake in a locustfile's path; None where there is none."""
    if "," in file:
        return Mistake(file=file, message="Locust can't take a path with a comma")
    if PurePosixPath(file).stem == "gameday":
        return Mistake(file=file, message="a locustfile called gameday.py hides gameday's own modules")
    return None


def without_users(file: str) -> Mistake:
    """Give the mistake of a locustfile that defines no users."""
    return Mistake(
        file=file,
        message="no User class in this locustfile",
        hint="define a class that inherits from locust.HttpUser, FastHttpUser or User",
    )
