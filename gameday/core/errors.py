"""Every error that gameday raises on purpose, as one tree, and the exit codes of its commands.

GamedayError                 code, exit_code, hint
├─ UsageError                2   wrong arguments on the command line
├─ InvalidFiles              2   files that people wrote have mistakes; nothing was touched
├─ NotReady                  5   environment, steady state, load, policy, lease: could not start
│  ├─ Refused                5   a policy forbids it
│  └─ Busy                   5   another drill holds the environment
├─ FaultIndeterminate        70  it is unknown whether the fault was injected: revert as if it were
├─ StoreUnavailable          5   the history cannot be written or read; 70 once a drill has begun
│  └─ StoreReadOnly          5   this user may only read the store
└─ HistoryCorrupt            70  the hash chain does not hold
   └─ BeginningLost          4   its plan is lost: it is unknown whether a fault is in force
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import ClassVar, NamedTuple

from gameday.core import visible

SHARED = "it belongs to another user; docs/how-to/team.md explains how people share a workspace"
"""The hint where a file belongs to another user."""


class ExitCode(IntEnum):
    """How a command ends; docs/reference/exit-codes.md explains each code."""

    PASSED = 0
    FAILED = 1
    INVALID = 2
    ABORTED = 3
    FAULT_IN_FORCE = 4
    INCONCLUSIVE = 5
    INTERNAL = 70

    @property
    def word(self) -> str:
        """Name the result of a drill with this code in a few words."""
        return _WORDS[self][0]

    @property
    def meaning(self) -> str:
        """Explain the code in one line."""
        return _WORDS[self][1]


_WORDS = {
    ExitCode.PASSED: ("passed", "passed"),
    ExitCode.FAILED: ("failed", "the drill was completed, below the pass mark"),
    ExitCode.INVALID: ("invalid", "wrong usage or invalid files; nothing was touched"),
    ExitCode.ABORTED: ("aborted", "the drill was aborted; everything is reverted"),
    ExitCode.FAULT_IN_FORCE: (
        "a fault may still be in force",
        "a fault may still be in force: a person must look",
    ),
    ExitCode.INCONCLUSIVE: ("inconclusive", "it could not run, or is inconclusive"),
    ExitCode.INTERNAL: (
        "gameday's own error",
        "gameday's own error, or the store failed; everything is reverted",
    ),
}

WORST_FIRST = (
    ExitCode.FAULT_IN_FORCE,
    ExitCode.INTERNAL,
    ExitCode.ABORTED,
    ExitCode.INVALID,
    ExitCode.FAILED,
    ExitCode.INCONCLUSIVE,
    ExitCode.PASSED,
)
"""The one order of severity, wherever several drills share one exit code.

A failure ranks before an inconclusive result: a pipeline may retry or tolerate an inconclusive drill, and
that must never hide a failure.
"""


def worst(codes: Iterable[int]) -> ExitCode:
    """Give the worst of several exit codes. An unknown code counts as our own error, and so does no code."""
    known = {int(code) for code in ExitCode}
    understood = [ExitCode(code) if code in known else ExitCode.INTERNAL for code in codes]
    return min(understood, key=WORST_FIRST.index, default=ExitCode.INTERNAL)


class Stopped(SystemExit):
    """A signal ends what this process is doing: raised wherever that is, and held back by nobody.

    Other people's code may raise SystemExit, too, which is an error of theirs.
    """


class GamedayError(Exception):
    """An error that gameday can explain: a message, and a hint about what to do next.

    lines  what stands below the message, each on a line of its own
    """

    code: ClassVar[str] = "internal"
    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL

    def __init__(self, message: str, *, hint: str = "", lines: tuple[str, ...] = ()) -> None:
        self.parts: tuple[str, ...] = (message, *lines)
        self.message = "\n".join(self.parts)
        self.hint = hint
        super().__init__(self.message)


class UsageError(GamedayError):
    code, exit_code = "usage", ExitCode.INVALID


class Mistake(NamedTuple):
    """One mistake in a file that a person wrote. Lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1
    message: str = ""
    hint: str = ""
    warning: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """The mistake, and its hint where it has one, as two lines for people."""
        kind = "warning: " if self.warning else ""
        said = f"{self.file}:{self.line}:{self.column}: {kind}{self.message}"
        return (said, f"  hint: {self.hint}") if self.hint else (said,)

    def __str__(self) -> str:
        # Names and values come from the file itself: a line break in one must not forge another mistake.
        return "\n".join(map(visible.one_line, self.lines))


class InvalidFiles(GamedayError):
    code, exit_code = "invalid-files", ExitCode.INVALID

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(m) for m in sorted(mistakes)))
        self.mistakes = tuple(sorted(mistakes))


class NotReady(GamedayError):
    code, exit_code = "not-ready", ExitCode.INCONCLUSIVE


class Refused(NotReady):
    code = "refused"


class Busy(NotReady):
    code = "busy"


class FaultIndeterminate(GamedayError):
    code = "fault-indeterminate"


class StoreUnavailable(GamedayError):
    code, exit_code = "store-unavailable", ExitCode.INCONCLUSIVE


class StoreReadOnly(StoreUnavailable):
    """This user may only read the store. That does not pass: what they type is not kept for later."""

    code = "store-read-only"


class HistoryCorrupt(GamedayError):
    code = "history-corrupt"


class BeginningLost(HistoryCorrupt, LookupError):
    code, exit_code = "beginning-lost", ExitCode.FAULT_IN_FORCE
