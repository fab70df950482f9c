"""Carries out a command, whatever happens in it: an exit code that is documented, one line, and a report.

Exit code 1 is a verdict on the team, and Python's own code for an exception that nobody caught. So no
exception leaves a command: one that is not ours ends with 70, or with 4 where a fault may still be in force.
A command imports its modules inside, so that one that can't be imported ends here, too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from gameday.cli.shared import output, streams
from gameday.core.errors import SHARED, ExitCode, GamedayError, NotReady, UsageError
from gameday.system import clock

if TYPE_CHECKING:
    import asyncio

ANSWER_LIMIT = 5.0
"""Seconds that the store has to answer whether a fault is in force."""
LONGEST = 300
"""Characters of an exception's text that are shown."""

_questions: list[Callable[[], bool]] = []
_conducting = False
_nohup = False
_received: signal.Signals | None = None
"""The last signal to end that came before an event loop took care of them."""


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP, as the exception that every library lets through."""


def run(command: Callable[[], int], argv: Sequence[str]) -> int:
    """Carry out a command, and give its exit code. argv: its words, to see whether it prints JSON."""
    global _nohup  # noqa: PLW0603  # as it was when the process began
    streams.protect()
    _nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    # Before anything else: what these do by default ends a process without a word, and leaves its children.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _terminate)
    try:
        code = command()
        if code == 128 + signal.SIGINT:  # Typer has made this of an exception that stands for a signal
            code = _explained(Terminated(), argv)
    except BaseException as error:  # noqa: BLE001  # the outer edge of every command
        code = _explained(error, argv)
    # A second signal must not bring a traceback now.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    return _end(code)


def conducts() -> None:
    """Note that this process conducts drills or reverts: it needs no reader and no terminal any more."""
    global _conducting  # noqa: PLW0603  # one process, one command
    _conducting = True
    streams.never_wait()
    if threading.current_thread() is threading.main_thread():
        # Not SIG_IGN, which every process that is started from here would inherit.
        signal.signal(signal.SIGHUP, _note)


def caught(signals: Iterable[signal.Signals]) -> list[signal.Signals]:
    """Give those of the signals that end a drill: not SIGHUP, where nohup made this process ignore it."""
    return [number for number in signals if number != signal.SIGHUP or not _nohup]


def on_signals(
    loop: asyncio.AbstractEventLoop,
    signals: Iterable[signal.Signals],
    act: Callable[[signal.Signals], object],
) -> None:
    """Do something at each of the signals that end a drill; at once where one came before."""
    for number in caught(signals):
        loop.add_signal_handler(number, act, number)
    if _received is not None:
        act(_received)


@contextlib.contextmanager
def at_stake(in_force: Callable[[], bool]) -> Iterator[None]:
    """Ask this, if an unforeseen exception leaves the block, to learn whether a fault may be in force."""
    _questions.append(in_force)
    yield
    # Not after an exception: `run` asks then.
    _questions.remove(in_force)


def write_report(error: BaseException, folder: Path, name: str) -> Path | None:
    """Write an exception's traceback with secrets masked, for its owner only; None where that fails."""
    import traceback  # noqa: PLC0415  # needed only after an error, and a responder waits for imports

    from gameday.system import known_secrets  # noqa: PLC0415

    lines = traceback.format_exception(error)
    text = known_secrets.redactor().text("".join(lines)).encode("utf-8", "backslashreplace")
    report = folder / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        report.unlink(missing_ok=True)
        # A new file: nobody else's, and no link that somebody laid there.
        with os.fdopen(os.open(report, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
    except OSError:
        return None
    return report


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    _note(number, frame)
    raise Terminated


def _note(number: int, _frame: FrameType | None) -> None:
    global _received  # noqa: PLW0603  # one process, one command
    _received = signal.Signals(number)


def _end(code: int) -> int:
    """Write out what is left. Data that could not be written is no success, except of a drill."""
    lost = streams.close()
    if lost:
        output.warn(f"the output is incomplete: {lost}")
        streams.close()
    return ExitCode.INTERNAL if lost and code == ExitCode.PASSED and not _conducting else code


def _explained(error: BaseException, argv: Sequence[str]) -> int:
    try:
        return _explain(error, argv)
    except BaseException:  # noqa: BLE001  # no memory even for that: the code is what pipelines read
        return ExitCode.FAULT_IN_FORCE if _questions else ExitCode.INTERNAL


def _explain(error: BaseException, argv: Sequence[str]) -> int:
    interrupt = _interrupt(error)
    if interrupt is None and isinstance(error, FileNotFoundError) and not _questions and _is_deserted():
        gone = UsageError("the working folder no longer exists", hint="change into the workspace: cd FOLDER")
        return output.failed(gone, argv)
    if isinstance(error, PermissionError) and error.filename and not _questions:
        return output.failed(_not_permitted(error), argv)
    if interrupt is None:
        return _crashed(error, argv)
    output.talk("a fault may still be in force: gameday revert --all" if _in_force() else "interrupted")
    if _in_force():
        return ExitCode.FAULT_IN_FORCE
    return 128 + (_received or signal.SIGINT)


def _not_permitted(error: PermissionError) -> NotReady:
    """Explain a file that belongs to another user: any module may be the first to meet it."""
    return NotReady(f"{error.filename}: this user may not use it", hint=SHARED)


def _is_deserted() -> bool:
    """Report whether the working folder was deleted, which any module may be the first to notice."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _interrupt(error: BaseException) -> KeyboardInterrupt | None:
    """Find the signal that an exception stands for: Typer, for one, makes an exception of its own of it."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_interrupt, error.exceptions)), None)
    known = error if type(error).__name__ != "Abort" else error.__cause__
    return known if isinstance(known, KeyboardInterrupt) else None


def unforeseen(error: BaseException) -> str:
    """Write the report of an error that nobody foresaw, and give what to print of it."""
    report = _report(error)
    where = f"its traceback is in {report}" if report else "its traceback could not be written"
    text = " ".join(f"{type(error).__name__}: {_text(error)}".split())[:LONGEST]
    return f"gameday's own error: {text}; please report it, {where}"


def _crashed(error: BaseException, argv: Sequence[str]) -> int:
    message = unforeseen(error)
    code = ExitCode.FAULT_IN_FORCE if _in_force() else ExitCode.INTERNAL
    if code == ExitCode.FAULT_IN_FORCE:
        message = f"a fault may still be in force, run gameday revert --all now; {message}"
    output.talk(f"error: {message}")
    # A second document would spoil what is on stdout already.
    if "--json" in argv and not streams.used():
        _print_json(message, code)
    return code


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # the exception is a stranger's, and so is its text
        return ""


def _report(error: BaseException) -> Path | None:
    """Write the report into the workspace, else into the temporary folder."""
    name = f"internal-error-{clock.now():.0f}-{os.getpid()}.txt"
    for folder in _folders():
        try:
            report = write_report(error, folder, name)
        except Exception:  # noqa: BLE001, S112  # a report that fails must not hide what it reports
            continue
        if report is not None:
            return report
    return None


def _folders() -> Iterator[Path]:
    with contextlib.suppress(OSError):
        here = Path.cwd()
        yield from (
            folder / ".gameday" for folder in (here, *here.parents) if (folder / "gameday.toml").is_file()
        )
    import tempfile  # noqa: PLC0415  # needed only after an error

    with contextlib.suppress(OSError):
        yield Path(tempfile.gettempdir())


def _in_force() -> bool:
    """Ask whether a fault of this process may be in force. No answer in time is a yes."""
    return any(_answer(question) for question in tuple(_questions))


def _answer(question: Callable[[], bool]) -> bool:
    answers: list[bool] = []

    def ask() -> None:
        try:
            answers.append(question())
        except BaseException:  # noqa: BLE001  # whatever it is: it is no "no"
            answers.append(True)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(ANSWER_LIMIT)
    return answers[0] if answers else True


def _print_json(message: str, code: int) -> None:
    """Print the error in the shape in which `gameday run --json` prints errors."""
    problem: dict[str, object] = {"code": "internal", "message": message, "hint": None, "mistakes": []}
    problem["exit_code"] = code
    document: dict[str, object] = {"error": problem, "reverted": code != ExitCode.FAULT_IN_FORCE}
    with contextlib.suppress(Exception):  # without it, the error alone is printed
        from gameday.formats.stored import result  # noqa: PLC0415

        document = {**result.error(GamedayError(message)), **document}
    output.data_json(document)
