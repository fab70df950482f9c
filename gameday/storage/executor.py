"""What every database of a store offers, whatever its kind: the rest of `storage` knows no more than this."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


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
