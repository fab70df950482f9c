"""Every error that gameday raises on purpose, as one tree.

GamedayError                 code, exit_code, http_status, hint, definite
├─ UsageError                2   wrong words on the command line
├─ InvalidFiles              2   files that people wrote have mistakes; nothing was touched
├─ NotReady                  5   environment, steady state, load, policy, lease: could not start
│  ├─ Refused                5   a policy says no
│  └─ Busy                   5   another drill holds the environment
├─ Inconclusive              5   it ran, but cannot be judged
├─ DrillAborted              3   ended early, everything reverted
├─ FaultStillInForce         4   a person must look
├─ FaultIndeterminate        70  nobody knows whether it was injected: revert as if it were
├─ StoreUnavailable          5   the history cannot be written or read; 70 once a drill has begun
└─ HistoryCorrupt            70  the hash chain does not hold

`definite` is False where the effect may or may not have happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class GamedayError(Exception):
    """Something that gameday can explain: a message, and a hint of what to do next."""

    code: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 70
    http_status: ClassVar[int] = 500
    definite: ClassVar[bool] = True

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(GamedayError):
    code, exit_code, http_status = "usage", 2, 400


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Mistake:
    """One mistake in a file that a person wrote. Lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1
    message: str = ""
    hint: str = ""
    warning: bool = False

    def __str__(self) -> str:
        kind = "warning: " if self.warning else ""
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {kind}{self.message}{hint}"


class InvalidFiles(GamedayError):
    code, exit_code, http_status = "invalid-files", 2, 422

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(m) for m in sorted(mistakes)))
        self.mistakes = tuple(sorted(mistakes))


class NotReady(GamedayError):
    code, exit_code, http_status = "not-ready", 5, 409


class Refused(NotReady):
    code, http_status = "refused", 403


class Busy(NotReady):
    code = "busy"


class Inconclusive(GamedayError):
    code, exit_code, http_status = "inconclusive", 5, 409


class DrillAborted(GamedayError):
    code, exit_code, http_status = "aborted", 3, 409


class FaultStillInForce(GamedayError):
    code, exit_code, http_status = "fault-still-in-force", 4, 500


class FaultIndeterminate(GamedayError):
    code, definite = "fault-indeterminate", False


class StoreUnavailable(GamedayError):
    code, exit_code, http_status = "store-unavailable", 5, 503


class HistoryCorrupt(GamedayError):
    code = "history-corrupt"
