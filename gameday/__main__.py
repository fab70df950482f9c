"""The command `gameday`: notes the instant at which it was started, then picks the way in."""

import sys
import time

STARTED = time.time()


def main() -> None:
    """Take a responder's word on the fast path; hand everything else to the command line."""
    from gameday.cli.respond import help_texts  # noqa: PLC0415  # after the clock was read

    if len(sys.argv) > 1 and sys.argv[1] in help_texts.HELP:
        from gameday.cli.respond import fast_path  # noqa: PLC0415

        sys.exit(fast_path.main(sys.argv[1:], STARTED))
    from gameday.cli import app  # noqa: PLC0415  # Typer costs what responders need not pay

    app.main()


if __name__ == "__main__":
    main()
