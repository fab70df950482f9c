"""What the command line prints: data on stdout, text for people on stderr, a hint where one helps.

For the tone, see docs/voice.md. Colour is decoration only; NO_COLOR and a missing terminal switch it off.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from gameday.cli.shared import streams
from gameday.core import visible
from gameday.core.errors import GamedayError, InvalidFiles

JsonValue = Mapping[str, object] | Sequence[object]


def data(text: str) -> None:
    """Write data to stdout, redacted, with hidden characters as escapes."""
    text = visible.visible(_redacted(text))
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def _redacted(text: str) -> str:
    from gameday.system import known_secrets  # noqa: PLC0415  # help pages print without it

    return known_secrets.redactor().text(text)


def data_json(value: JsonValue) -> None:
    """Write a JSON document to stdout, keys in the order in which they were given."""
    import json  # noqa: PLC0415  # tables need none

    data(visible.in_json(json.dumps(value, indent=2, ensure_ascii=False)))


def secret(text: str) -> None:
    """Write a secret that the user asked for to stdout, unredacted."""
    sys.stdout.write(text + "\n")


def talk(*lines: str) -> None:
    """Write lines for people to stderr, redacted. Breaks and controls in a line are escapes."""
    _talk("", lines)


def ask(question: str) -> None:
    """Write a question to stderr; what is typed appears below it."""
    _talk("", (question,), end="\n> ")


def _talk(label: str, lines: Sequence[str], *, end: str = "\n") -> None:
    # The only way to stderr: what a text from outside says can't look like a line of ours.
    shown = "\n".join(visible.one_line(_redacted(line)) for line in lines)
    # In one piece: other processes may write to the same terminal.
    sys.stderr.write(label + shown + end)
    sys.stderr.flush()


def drawable() -> bool:
    """Report whether stderr is a terminal on which a screen can be drawn."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in {"", "dumb", "unknown"}


def columns() -> int | None:
    """Give the columns of the terminal on which stdout appears; None where stdout is a file or a pipe.

    The variable COLUMNS counts for all of them.
    """
    import shutil  # noqa: PLC0415  # for tables alone

    given = os.environ.get("COLUMNS", "")
    if not sys.stdout.isatty() and not (given.isdecimal() and int(given)):
        return None
    return shutil.get_terminal_size().columns


def colourful() -> bool:
    """Report whether stderr is a terminal that wants colour."""
    return drawable() and not os.environ.get("NO_COLOR")


def _paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colourful() else text


def failed(error: GamedayError, words: Sequence[str]) -> int:
    """Explain the error that ends a command, as JSON on stdout too where `--json` is among its words."""
    code = problem(error)
    # A second document would spoil what is on stdout already.
    if "--json" in words and not streams.used():
        data_json({"error": error_document(error)})
    return code


def error_document(error: GamedayError) -> dict[str, object]:
    """Give an error as every command prints it with `--json` (docs/reference/errors.md)."""
    mistakes = error.mistakes if isinstance(error, InvalidFiles) else ()
    return {
        "code": error.code,
        "message": error.message,
        "hint": error.hint or None,
        "exit_code": int(error.exit_code),
        "mistakes": [
            {
                "file": mistake.file,
                "line": mistake.line,
                "column": mistake.column,
                "message": mistake.message,
                "hint": mistake.hint or None,
            }
            for mistake in mistakes
            if not mistake.warning
        ],
    }


def problem(error: GamedayError) -> int:
    """Explain an error on stderr, with its hint, and give its exit code; mistakes in files line by line."""
    if isinstance(error, InvalidFiles):
        for mistake in error.mistakes:
            talk(*mistake.lines)
        return error.exit_code
    _talk(_paint("error:", "1;31") + " ", error.parts)
    if error.hint:
        hint(error.hint)
    return error.exit_code


def hint(text: str) -> None:
    """Write to stderr what to do next."""
    _talk(_paint("hint:", "1;36") + " ", (text,))


def warn(text: str) -> None:
    """Write to stderr what may go wrong."""
    _talk(_paint("warning:", "1;33") + " ", (text,))
