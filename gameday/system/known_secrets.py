"""What this process knows to be secret, in one redactor that every recorder, file and message asks.

It begins with the process's environment; settings and experiments add what they name. Child processes get
references to secrets, never the values: gameday.toml may call a variable of any name a secret, so a child
could not tell from the name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from gameday.formats import redaction
from gameday.formats.redaction import Redactor

VARIABLE = "GAMEDAY_SECRETS"
"""References to secrets, one a line: `env:NAME` or `file:/ABSOLUTE/PATH`."""


@cache
def redactor() -> Redactor:
    """Give this process's one redactor, which knows the secrets of the environment."""
    made = Redactor(redaction.in_environment(os.environ))
    made.learn(_values(os.environ.get(VARIABLE, "").splitlines()))
    return made


def learn_references(added: Iterable[str]) -> None:
    """Make the secrets at these references known to this process, and to all that it starts from now on."""
    wanted = set(added)
    redactor().learn(_values(wanted))
    references = wanted | set(os.environ.get(VARIABLE, "").splitlines())
    os.environ[VARIABLE] = "\n".join(sorted(references))


def withhold(names: Iterable[str]) -> None:
    """Take variables out of this process's environment, so that no process that it starts inherits them.

    `variable` still gives their values. They are masked like every secret.
    """
    for name in names:
        value = os.environ.pop(name, None)
        if value is not None:
            _withheld[name] = value
            redactor().learn((value, value.strip()))


def variable(name: str) -> str | None:
    """Give the value of a variable that is set, or was until `withhold` took it out; None otherwise."""
    return os.environ.get(name, _withheld.get(name))


def for_our_own() -> dict[str, str]:
    """Give the variables that were taken out, for a process that runs a command of gameday."""
    return dict(_withheld)


_withheld: dict[str, str] = {}


def _values(references: Iterable[str]) -> Iterator[str]:
    """Look secrets up. One that is missing is passed over: whoever needs it reports that."""
    for reference in references:
        kind, _, where = reference.partition(":")
        try:
            secret = variable(where) or "" if kind == "env" else Path(where).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError):
            continue
        # A secret's file often ends with a newline, which whoever uses it strips.
        yield from (secret, secret.strip())
