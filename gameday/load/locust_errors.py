"""Find in Locust's output why it ended: one sentence, and the line of the locustfile if it names one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gameday.formats.experiment import extensions

_FRAME = re.compile(r'^\s+File "(?P<file>[^"]+)", line (?P<line>\d+)')
_ERROR = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Warning|Interrupt)\b.*")
_MISSING = re.compile(r"^ModuleNotFoundError: No module named '(?P<module>[\w.]+)'")
_LOGGED = re.compile(r"^\[[^\]]+\] \S+/(?P<level>[A-Z]+)/\S+: (?P<message>.*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Complaint:
    """Why Locust ended. `line` counts from 1; 0: not known. `hint`: what to do about it."""

    message: str
    line: int = 0
    hint: str = ""


def find(text: str, locustfile: str, *, killed: bool = False) -> Complaint:
    """Find Locust's last error; an empty message when there is none.

    killed: something else ended it, so that its last words are not the reason unless they are an error.
    """
    lines = text.splitlines()
    errors = [line.strip() for line in lines if _ERROR.match(line)]
    if errors:
        missing = _MISSING.search(errors[-1])
        hint = extensions.hint(missing["module"]) if missing else ""
        return Complaint(message=errors[-1], line=_line_in(lines, locustfile), hint=hint)
    logged = [found for line in lines if (found := _LOGGED.match(line))]
    serious = [found["message"] for found in logged if found["level"] in ("ERROR", "CRITICAL")]
    plain = [line.strip() for line in lines if line.strip() and not _LOGGED.match(line)]
    informed = [] if killed else [found["message"] for found in logged]
    for candidates in (serious, [] if killed else plain, informed):
        if candidates:
            return Complaint(message=candidates[-1])
    return Complaint(message="")


def _line_in(lines: list[str], locustfile: str) -> int:
    """Give the last line of the locustfile that the trace names."""
    number = 0
    for text in lines:
        frame = _FRAME.match(text)
        if frame and frame["file"].endswith(locustfile.removeprefix("./")):
            number = int(frame["line"])
    return number
