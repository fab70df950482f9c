"""What the command line prints: data on stdout, text for people on stderr, a hint where one helps.

For the tone, see docs/voice.md. Colour is decoration only; NO_COLOR and a missing terminal switch it off.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence

from gameday.core.errors import GamedayError, InvalidFiles
from gameday.system import known_secrets

JsonValue = Mapping[str, object] | Sequence[object]


def data(text: str) -> None:
    """Write data to stdout, redacted."""
    text = known_secrets.redactor().text(text)
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def data_json(value: JsonValue) -> None:
    """Write a JSON document to stdout, keys in the order in which they were given."""
    data(json.dumps(value, indent=2, ensure_ascii=False))


def secret(text: str) -> None:
    """Write a secret that the user asked for to stdout, unredacted."""
    sys.stdout.write(text + "\n")


def talk(text: str) -> None:
    """Write a line for people to stderr, redacted."""
    sys.stderr.write(known_secrets.redactor().text(text) + "\n")
    sys.stderr.flush()


def colourful() -> bool:
    """Report whether stderr is a terminal that wants colour."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def _paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colourful() else text


def problem(error: GamedayError) -> int:
    """Explain an error on stderr, with its hint, and give its exit code; mistakes in files line by line."""
    if isinstance(error, InvalidFiles):
        for mistake in error.mistakes:
            talk(str(mistake))
        return error.exit_code
    talk(f"{_paint('error:', '1;31')} {error.message}")
    if error.hint:
        hint(error.hint)
    return error.exit_code


def hint(text: str) -> None:
    """Write to stderr what to do next."""
    talk(f"{_paint('hint:', '1;36')} {text}")


def warn(text: str) -> None:
    """Write to stderr what may go wrong."""
    talk(f"{_paint('warning:', '1;33')} {text}")
