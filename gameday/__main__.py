"""The command `gameday`: notes the instant at which it was started, then picks the way in."""

import gc
import sys
import time

STARTED = time.time()
STARTED_MONOTONIC = time.monotonic()
"""The same on a clock that nobody sets."""


def main() -> None:
    """Carry out the command that was typed, and end with its exit code."""
    # What imports make stays: to look for garbage in it takes a fifth of a responder's command.
    gc.disable()
    try:
        from gameday.cli.shared import guard  # noqa: PLC0415  # after the clock was read
    except Exception as broken:  # noqa: BLE001  # not even the guard: the installation is damaged
        sys.exit(_broken(broken))
    sys.exit(guard.run(_command, sys.argv[1:]))


def _command() -> int:
    """Take a responder's word on the fast path; hand everything else to the command line."""
    from gameday.core import responder_commands  # noqa: PLC0415

    if len(sys.argv) > 1 and sys.argv[1] in responder_commands.ALL:
        from gameday.cli.respond import fast_path  # noqa: PLC0415

        return fast_path.main(sys.argv[1:], STARTED, STARTED_MONOTONIC)
    gc.enable()
    from gameday.cli import app  # noqa: PLC0415  # Typer costs what responders need not pay

    return app.main()


def _broken(error: Exception) -> int:
    """Report an installation in which nothing can be imported: 70, as of any error of gameday's own."""
    import contextlib  # noqa: PLC0415
    import os  # noqa: PLC0415
    import tempfile  # noqa: PLC0415
    import traceback  # noqa: PLC0415

    where = "no traceback could be written"
    try:
        with tempfile.NamedTemporaryFile("w", prefix="gameday-", suffix=".txt", delete=False) as report:
            report.writelines(traceback.format_exception(error))
        where = f"its traceback is in {report.name}"
    except OSError:  # no folder to write to
        pass
    text = f"error: gameday is not installed properly: {error!r}; install it again; {where}\n"
    with contextlib.suppress(OSError):  # nobody reads
        os.write(2, text.encode("utf-8", "backslashreplace"))
    return 70


if __name__ == "__main__":
    main()
