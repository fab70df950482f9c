"""Names a command's options where an error of a rule names the fields of a request in backticks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gameday.core.errors import GamedayError, NotReady, UsageError

_FIELD = re.compile(r"`(\w+)`")


@contextmanager
def option_names(**options: str) -> Iterator[None]:
    """Put the options in the place of the fields named in an error; a field without one keeps its name."""
    try:
        yield
    except (UsageError, NotReady) as error:
        name_options(error, options)
        raise


def name_options(error: GamedayError, options: Mapping[str, str]) -> None:
    """Do the same to an error that was caught."""
    error.parts = tuple(_named(part, options) for part in error.parts)
    error.message = "\n".join(error.parts)
    error.hint = _named(error.hint, options)
    error.args = (error.message,)


def _named(text: str, options: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda field: options.get(field[1], field[0]), text)
