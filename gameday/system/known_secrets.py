"""What this process knows to be secret: the one place that every pen, file and sentence asks.

Comes in: the environment of this process, and what others learn later (settings, experiments).
Goes out: one Redactor for the whole process: a process knows a secret, or it does not.
Does not: hand a secret on. Processes that are started from here are told where secrets are, by
reference: what gameday.toml calls a secret may stand in a variable of any name.
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
def known() -> Redactor:
    """Give this process's redactor; it begins with what the environment says, and refers to."""
    redactor = Redactor(redaction.in_environment(os.environ))
    redactor.learn(_values(os.environ.get(VARIABLE, "").splitlines()))
    return redactor


def learn_reference(references: Iterable[str]) -> None:
    """Let this process, and all that it starts from now on, know the secrets at these references."""
    wanted = set(references)
    known().learn(_values(wanted))
    told = wanted | set(os.environ.get(VARIABLE, "").splitlines())
    os.environ[VARIABLE] = "\n".join(sorted(told))


def _values(references: Iterable[str]) -> Iterator[str]:
    """Look secrets up; who needs one that is not there says so."""
    for reference in references:
        kind, _, where = reference.partition(":")
        try:
            found = os.environ.get(where, "") if kind == "env" else Path(where).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError):
            continue
        yield from (found, found.strip())
