"""What Chaos Toolkit's own parser of JSON paths refuses."""

from __future__ import annotations

import contextlib
import io
import re


def problem(path: str) -> str:
    """Say what is wrong with a JSON path; empty where Chaos Toolkit takes it."""
    from jsonpath2.path import Path  # noqa: PLC0415  # importing it takes longer than all other checks

    try:
        # The parser prints each error, besides raising it.
        with contextlib.redirect_stderr(io.StringIO()):
            Path.parse_str(path.strip())
    except RecursionError:
        return "it is nested too deeply"
    except ValueError as error:
        return re.sub(r"^line \d+:", "at ", str(error))
    return ""
