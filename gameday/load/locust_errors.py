"""Find in Locust's output why it ended: one sentence, and the line of the locustfile if it names one."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FRAME = re.compile(r'^\s+File "(?P<file>[^"]+)", line (?P<line>\d+)')
_ERROR = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Warning|Interrupt)\b.*")
_LOGGED = re.compile(r"^\[[^\]]+\] \S+/(?P<level>[A-Z]+)/\S+: (?P<message>.*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Complaint:
    """Why Locust ended. `line` counts from 1; 0: not known."""

    message: str
    line: int = 0


def find(text: str, locustfile: str) -> Complaint:
    """Find Locust's last error; an empty message when there is none."""
    lines = text.splitlines()
    errors = [line.strip() for line in lines if _ERROR.match(line)]
    if errors:
        return Complaint(message=errors[-1], line=_line_in(lines, locustfile))
    logged = [found for line in lines if (found := _LOGGED.match(line))]
    serious = [found["message"] for found in logged if found["level"] in ("ERROR", "CRITICAL")]
    plain = [line.strip() for line in lines if line.strip() and not _LOGGED.match(line)]
    for candidates in (serious, plain, [found["message"] for found in logged]):
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
