"""Mistakes of locustfiles that show without importing them."""

from __future__ import annotations

from pathlib import PurePosixPath

from gameday.core.errors import Mistake
from gameday.core.values import Seconds, format_duration


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


def short_shape(file: str, line: int, shape: str, end: Seconds, lasting: Seconds) -> Mistake:
    """Warn of a load shape that ends the load before the end of a drill."""
    return Mistake(
        file=file,
        line=line,
        message=f"{shape} ends the load after {format_duration(end)}, "
        f"and the drill may take {format_duration(lasting)}: it would lose its load",
        hint="let the shape go on for as long as the drill may take, or shorten phases.response",
        warning=True,
    )
